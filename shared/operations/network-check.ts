/** A network is made anew only when nobody else is on it: their containers are not ours to stop. */
import { UserError } from '../base/errors.js';
import type { Engine } from '../host/engine.js';
import type { Observed } from '../release/observed.js';
import type { Plan } from '../release/plan.js';

/** @throws UserError naming each container on a changed network that is not one of the stack's services */
export async function refuseNetworksOfOthers(
  { engine }: { readonly engine: Pick<Engine, 'containers' | 'inspectContainer'> },
  plan: Plan,
  observed: Observed,
): Promise<void> {
  const { changed } = plan.networks;
  if (changed.length === 0) return;
  const own = new Set(plan.services.flatMap(({ service }) => (observed.get(service) ?? []).map(({ id }) => id)));
  const others = (await engine.containers()).filter(({ id }) => !own.has(id));
  const found = await Promise.all(others.map(async ({ id }) => engine.inspectContainer(id)));
  const problems = changed.flatMap((network) => {
    const on = found.flatMap((one) => (one?.networks.includes(network) === true ? [describe(one)] : []));
    if (on.length === 0) return [];
    return [
      {
        message:
          `the options of network ${network} changed, so it has to be made anew, and ${on.join(', ')} ` +
          `${on.length === 1 ? 'is' : 'are'} on it, which this stack does not manage: take ${on.length === 1 ? 'it' : 'them'} ` +
          'off (`docker network disconnect`), or give the new network another name',
      },
    ];
  });
  if (problems.length > 0) throw new UserError(problems);
}

function describe({
  name,
  labels,
}: {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}): string {
  const project = labels['com.docker.compose.project'];
  return project === undefined ? `container ${name}` : `container ${name} of project ${project}`;
}
