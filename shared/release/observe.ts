/** Asks the engine what runs for a project. */
import type { Engine } from '../host/engine.js';
import type { Observed, ObservedContainer } from './observed.js';

const SERVICE = 'com.docker.compose.service';

export async function observe(engine: Engine, project: string): Promise<Observed> {
  const listed = await engine.containers({ project });
  const regular = listed.filter(
    ({ labels }) => labels['com.docker.compose.oneoff'] !== 'True' && labels[SERVICE] !== undefined,
  );
  const containers = await Promise.all(regular.map(async ({ id }) => engine.inspectContainer(id)));
  const services = new Map<string, ObservedContainer[]>();
  for (const container of containers) {
    // One that went between the list and the look is not there.
    if (container === undefined) continue;
    const service = container.labels[SERVICE] ?? '';
    const entry: ObservedContainer = {
      id: container.id,
      name: container.name,
      imageId: container.imageId,
      configHash: container.labels['com.docker.compose.config-hash'] ?? '',
      workingDirectory: container.labels['com.docker.compose.project.working_dir'] ?? '',
      status: container.status,
      health: container.health,
      exitCode: container.exitCode,
      restartCount: container.restartCount,
      startedAt: container.startedAt,
      env: container.env,
      networks: container.networks,
    };
    services.set(service, [...(services.get(service) ?? []), entry]);
  }
  return services;
}
