/** A published port that something else on the host owns is known before the switch, with its owner's name. */
import { UserError } from '../base/errors.js';
import type { ComposeModel } from '../compose/model.js';
import { portOwners } from '../host/ports.js';
import { addressesOverlap } from '../release/claims.js';
import type { Plan } from '../release/plan.js';
import type { OpenHost } from './open-host.js';

/** @throws UserError naming each port that a service shall publish and that is another's now */
export async function refusePortsOfOthers(
  host: OpenHost,
  project: string,
  model: ComposeModel,
  plan: Plan,
): Promise<void> {
  const claiming = plan.services
    .filter(({ action }) => action === 'create' || action === 'recreate')
    .map(({ service }) => service);
  const wanted = claiming.flatMap((service) =>
    (model.services[service]?.ports ?? []).flatMap(({ published, protocol, hostIp }) =>
      published === undefined || !/^\d+$/.test(published)
        ? []
        : [{ service, port: Number(published), protocol, hostIp }],
    ),
  );
  if (wanted.length === 0) return;
  const owners = await portOwners(host.engine, host.facts);
  const problems = wanted.flatMap(({ service, port, protocol, hostIp }) => {
    const owner = owners.find(
      (one) =>
        one.port === port &&
        one.protocol === protocol &&
        one.project !== project &&
        addressesOverlap(one.address, hostIp ?? ''),
    );
    return owner === undefined
      ? []
      : [
          {
            message: `${service} shall publish port ${port}/${protocol}, which ${owner.name} on ${host.shell.name} has: stop that, or publish another port`,
          },
        ];
  });
  if (problems.length > 0) throw new UserError(problems);
}
