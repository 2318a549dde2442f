/** Pieces of a stack for unit tests: models as Compose resolves them, containers as an engine tells them. */
import type { ComposeModel, ServiceModel } from '../../shared/compose/model.js';
import type { ContainerDetails, Engine } from '../../shared/host/engine.js';
import type { Manifest } from '../../shared/release/manifest.js';
import type { ObservedContainer } from '../../shared/release/observed.js';

export function serviceModel(name: string, more: Partial<ServiceModel> = {}): ServiceModel {
  return {
    name,
    image: `${name}:1`,
    build: undefined,
    containerName: undefined,
    command: undefined,
    entrypoint: undefined,
    dependsOn: {},
    environment: {},
    healthcheck: undefined,
    labels: {},
    links: [],
    networkMode: undefined,
    ipc: undefined,
    pid: undefined,
    volumesFrom: [],
    networks: [],
    ports: [],
    profiles: [],
    pullPolicy: undefined,
    restart: 'unless-stopped',
    restartCondition: undefined,
    replicas: 1,
    stopGracePeriod: undefined,
    volumes: [],
    configs: [],
    secrets: [],
    ...more,
  };
}

export function stackModel(services: readonly ServiceModel[], more: Partial<ComposeModel> = {}): ComposeModel {
  return {
    name: 'shop',
    services: Object.fromEntries(services.map((service) => [service.name, service])),
    networks: {},
    volumes: {},
    configs: {},
    secrets: {},
    ...more,
  };
}

export function container(service: string, more: Partial<ObservedContainer> = {}): ObservedContainer {
  return {
    id: `c-${service}`,
    name: `shop-${service}-1`,
    imageId: `sha256:${service}`,
    configHash: `hash-${service}`,
    workingDirectory: '/srv/shop',
    status: 'running',
    health: 'none',
    exitCode: 0,
    restartCount: 0,
    startedAt: 0,
    env: [],
    networks: [],
    ...more,
  };
}

export function manifest(more: Partial<Manifest> = {}): Manifest {
  return {
    homeport: 1,
    id: '20261121T000000Z-0000001',
    project: 'shop',
    version: '1',
    commit: '0000001',
    actor: 'someone',
    runUrl: '',
    reason: '',
    createdAt: '2026-11-21T00:00:00.000Z',
    verdict: 'deployed',
    previous: undefined,
    composeFiles: ['docker-compose.yml'],
    profiles: [],
    scale: {},
    services: {},
    levels: [],
    files: [],
    env: {},
    networks: {},
    volumes: {},
    imageStore: 'classic',
    dockerVersion: '26.1.0',
    composeVersion: '2.26.1',
    phases: [],
    downtime: undefined,
    ...more,
  };
}

export function details(service: string, more: Partial<ContainerDetails> = {}): ContainerDetails {
  return {
    id: `c-${service}`,
    name: `shop-${service}-1`,
    labels: {
      'com.docker.compose.service': service,
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.config-hash': `hash-${service}`,
      'com.docker.compose.project.working_dir': '/srv/shop',
    },
    imageId: `sha256:${service}`,
    status: 'running',
    health: 'none',
    exitCode: 0,
    restartCount: 0,
    startedAt: 0,
    finishedAt: undefined,
    env: [],
    mounts: [],
    networks: [],
    error: '',
    oomKilled: false,
    ...more,
  };
}

/** An engine that answers only what a test gives it; everything else is a defect of the test. */
export function engineWith(methods: Partial<Engine>): Engine {
  return new Proxy(methods, {
    get: (target, name) => {
      if (name in target) return Reflect.get(target, name) as unknown;
      if (name === 'then') return undefined;
      throw new Error(`the test has no answer to ${String(name)}`);
    },
  }) as Engine;
}

/** An engine on which these containers are, each look at them by the function. */
export function engineRunning(look: () => readonly ContainerDetails[], more: Partial<Engine> = {}): Engine {
  let now: readonly ContainerDetails[] = [];
  return engineWith({
    containers: async () => {
      now = look();
      return Promise.resolve(
        now.map(({ id, name, labels, imageId, status }) => ({
          id,
          name,
          labels,
          imageId,
          image: imageId,
          status,
          ports: [],
        })),
      );
    },
    inspectContainer: async (id) => Promise.resolve(now.find((one) => one.id === id)),
    ...more,
  });
}
