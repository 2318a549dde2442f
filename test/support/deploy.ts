/** A deploy's request and an open host for unit tests: the machine itself in a folder, with a fake engine. */
import type { HostFacts } from '../../shared/host/facts.js';
import type { Engine } from '../../shared/host/engine.js';
import type { Shipment } from '../../shared/compose/shipment.js';
import type { OpenHost } from '../../shared/operations/open-host.js';
import type { PreparedRelease } from '../../shared/operations/prepared.js';
import type { DeployRequest } from '../../shared/operations/request.js';
import { openLocal } from '../../shared/ssh/local.js';
import { sh } from '../../shared/ssh/shell-text.js';
import type { ScriptHost } from './script-host.js';
import { container, engineWith, manifest, serviceModel, stackModel } from './stack.js';

export function deployRequest(more: Partial<DeployRequest> = {}): DeployRequest {
  return {
    operation: 'deploy',
    environment: undefined,
    project: 'shop',
    path: '/srv/shop',
    root: '/checkout',
    shownRoot: '',
    composeFiles: [],
    profiles: [],
    scale: {},
    ship: [],
    envFile: undefined,
    env: {},
    givenEmpty: [],
    envSource: 'checkout',
    drift: 'stop',
    adopt: 'exact',
    hosts: [{ kind: 'local' }],
    connection: {} as DeployRequest['connection'],
    sudo: false,
    registries: [],
    version: '2',
    commit: 'abcdef0',
    actor: 'someone',
    runUrl: 'https://example.test/1',
    stale: 'refuse',
    reason: '',
    hooks: { beforeSwitch: [], afterSwitch: [] },
    health: { timeout: 5000, stable: 0 },
    onFileChange: {},
    pull: {},
    forceRecreate: false,
    build: 'auto',
    rollback: 'auto',
    prune: 'own',
    keepReleases: 5,
    lockTimeout: 0,
    forceUnlock: undefined,
    url: undefined,
    ...more,
  };
}

export function shipmentOf(more: Partial<Shipment> = {}): Shipment {
  return {
    name: undefined,
    projectDirectory: '',
    composeFiles: ['docker-compose.yml'],
    files: [],
    contexts: [],
    dataFolders: [],
    hostFiles: [],
    missingBinds: [],
    missingFiles: [],
    warnings: [],
    variables: new Set(),
    services: undefined,
    places: new Map(),
    envFileReaders: [],
    dotEnvReaders: [],
    ...more,
  };
}

/** Compose's calls become the fake engine's own: `up [--no-start] -- service…`. */
export function openScriptHost(host: ScriptHost, engine: Partial<Engine> = {}): OpenHost {
  const shell = openLocal();
  const path = `PATH=${process.env['PATH'] ?? ''}`;
  const { command } = host.docker;
  return {
    shell,
    facts: {
      composeVersion: '2.40.0',
      dockerVersion: '28.5.0',
      dockerRoot: '/var/lib/docker',
      imageStore: 'classic',
      home: host.folder,
    } as unknown as HostFacts,
    engine: engineWith({ volumes: async () => Promise.resolve([]), ...engine }),
    layout: host.layout,
    environment: sh`${path}`,
    withEnvironment: (more) => sh`env -i ${[path, ...more]}`,
    docker: sh`env -i ${path} ${command}`,
    compose: (args) => {
      const services = args.slice(args.indexOf('never') + 1).filter((word) => !word.startsWith('--'));
      const flags = args.filter((word) => word === '--no-start' || word === '--force-recreate');
      return args.includes('up') ? sh`${command} up ${flags} -- ${services}` : sh`${command} compose ${args}`;
    },
    close: async () => shell.close(),
  };
}

/** The release that `serveTwo` goes to: `web` on a new image, with a file changed and one added. */
export function preparedRelease(host: ScriptHost, more: Partial<PreparedRelease> = {}): PreparedRelease {
  const model = stackModel([serviceModel('db'), serviceModel('web', { dependsOn: { db: { condition: 'service_healthy', required: true, restart: false } } })]); // prettier-ignore
  const service = { configHash: 'x', replicas: 1, oneShot: false, dependsOn: {} };
  const previous = manifest({
    services: {
      db: { ...service, image: { reference: 'db:1', id: 'db' } },
      web: { ...service, image: { reference: 'web:1', id: 'web-old' }, dependsOn: { db: 'service_healthy' } },
    },
    levels: [['db'], ['web']],
  });
  return {
    id: host.release.id,
    layout: host.release,
    shipment: shipmentOf(),
    files: { files: [], composeFiles: ['docker-compose.yml'], env: {} },
    filePlan: {
      added: ['conf/added'],
      changed: ['stack'],
      removed: ['gone'],
      drift: [],
      changes: [
        { path: 'gone', change: 'remove' },
        { path: 'conf/added', change: 'write' },
        { path: 'stack', change: 'write' },
      ],
    },
    staged: {
      model,
      stagedModel: JSON.stringify({ services: model.services }),
      configHashes: new Map(),
      hostFiles: new Map(),
    },
    plan: {
      release: host.release.id,
      previousRelease: previous.id,
      services: [
        { service: 'db', action: 'keep', reasons: [] },
        { service: 'web', action: 'recreate', reasons: ['image'] },
      ],
      files: { added: [], changed: [], removed: [] },
      env: { added: [], changed: [], removed: [] },
      networks: { added: [], changed: [], removed: [] },
      volumes: { added: [], changed: [], removed: [] },
      hooks: [],
      warnings: [],
    },
    images: new Map([
      ['db', { reference: 'db:1', id: 'db' }],
      ['web', { reference: 'web:1', id: 'web-new' }],
    ]),
    observedBefore: new Map([
      ['db', [container('db', { imageId: 'db' })]],
      ['web', [container('web', { imageId: 'web-old' })]],
    ]),
    previous,
    namesBefore: new Map([['web:1', 'web-old']]),
    networksBefore: [],
    volumesBefore: [],
    ...more,
  };
}
