/** An image name that moves moves for everyone on the engine: the next `up -d` of another project runs what it means then. */
import type { Problem } from '../base/errors.js';
import type { Log } from '../base/log.js';
import type { ContainerSummary, Engine } from '../host/engine.js';
import { canonicalName } from '../release/spare-names.js';
import type { Plan } from '../release/plan.js';

export interface WantedName {
  readonly reference: string;
  /** undefined where it is not on the host yet. */
  readonly id: string | undefined;
}

interface Planned {
  readonly plan: Plan;
  readonly images: ReadonlyMap<string, WantedName>;
  readonly doubts: readonly Problem[];
}

/** The same with a warning for each name that moves and that others on the engine use. */
export async function tellOfOthers<T extends Planned>(
  planned: T,
  engine: Pick<Engine, 'containers'>,
  project: string,
  log: Log,
): Promise<T> {
  const { plan, images, doubts } = planned;
  const shared = namesOfOthers(plan, images, await engine.containers(), project);
  for (const message of shared) log.warning(message);
  return {
    ...planned,
    doubts: [...doubts, ...shared.map((message) => ({ message }))],
    plan: { ...plan, warnings: [...plan.warnings, ...shared] },
  };
}

/**
 * What the plan says of names that will mean another image and that containers of other projects are made from.
 * @param wanted by service of the plan
 */
export function namesOfOthers(
  plan: Plan,
  wanted: ReadonlyMap<string, WantedName>,
  containers: readonly ContainerSummary[],
  project: string,
): string[] {
  const others = containers.filter(({ labels }) => labels['com.docker.compose.project'] !== project);
  const moved = new Map<string, WantedName>();
  for (const { service, action } of plan.services) {
    const name = action === 'keep' || action === 'remove' ? undefined : wanted.get(service);
    if (name !== undefined && !name.reference.includes('@')) moved.set(canonicalName(name.reference), name);
  }
  return [...moved].flatMap(([name, { reference, id }]) => {
    const users = others.filter(({ image, imageId }) => canonicalName(image) === name && imageId !== id);
    if (users.length === 0) return [];
    const named = [...new Set(users.map(userName))].sort();
    return [
      `${reference} will mean another image on this engine, and ${named.join(', ')} ` +
        `${named.length === 1 ? 'uses' : 'use'} that name too: an \`up\` there runs the new one from then on`,
    ];
  });
}

function userName({ name, labels }: ContainerSummary): string {
  const project = labels['com.docker.compose.project'];
  return project === undefined
    ? `container ${name}`
    : `${labels['com.docker.compose.service'] ?? name} of project ${project}`;
}
