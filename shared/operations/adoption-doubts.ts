/** What else than the config hash stands between a stack that was started by hand and an exact return to it. */
import type { Log } from '../base/log.js';
import type { ContainerDetails } from '../host/engine.js';
import { servingImage, type Observed } from '../release/observed.js';
import type { FoundFile } from './adoption-look.js';
import type { OpenHost } from './open-host.js';
import { editedMounts } from './stale-mounts.js';

export async function editedProblems(
  host: OpenHost,
  containers: readonly ContainerDetails[],
  files: ReadonlyMap<string, FoundFile>,
  log: Log,
): Promise<string[]> {
  const edited = await editedMounts(host, containers, files);
  for (const { container, source } of edited.filter(({ inside }) => inside === 'same'))
    log.info(`${source} was edited after ${container} was started, which sees the edit`);
  return edited.flatMap(({ container, source, inside }) => {
    if (inside === 'same') return [];
    const why = inside === 'other' ? 'still has the old one' : 'cannot be asked which one it has';
    return [
      `${source} was edited after ${container} was started, which ${why} (\`docker restart ${container}\` takes the new one)`,
    ];
  });
}

export function unreadable(names: readonly string[], found: ReadonlyMap<string, FoundFile>): string[] {
  return [...new Set(names)]
    .filter((name) => found.get(name)?.kind === 'closed')
    .map((name) => `${name} cannot be read by the user of this connection`);
}

export function mixedReplicas(observed: Observed): string[] {
  return [...observed]
    .filter(([, containers]) => servingImage(containers) === undefined)
    .map(([service]) => `the containers of ${service} run different images`);
}

export async function imagesGone({ engine }: OpenHost, observed: Observed): Promise<string[]> {
  const there = await Promise.all(
    [...observed].map(async ([service, [first]]) => {
      const image = first === undefined ? undefined : await engine.inspectImage(first.imageId);
      return image === undefined ? [`the image that ${service} runs is not on the host any more`] : [];
    }),
  );
  return there.flat();
}
