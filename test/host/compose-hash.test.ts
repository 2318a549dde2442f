// The plan knows how Compose will label containers before it touches one file of the running stack: the model that was
// resolved where the release is staged is fed back as if it lay in the project's folder. Here that is held against the
// labels that a real `up` in that folder writes, on the oldest and the newest Compose.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  configCommand,
  hashCommand,
  parseHashes,
  projectArguments,
  upCommands,
  type ComposeCall,
} from '../../shared/compose/command.js';
import { modelForHash } from '../../shared/compose/model-for-hash.js';
import { writeDotenv } from '../../shared/compose/dotenv.js';
import { startHost, type Generation, type TestHost } from '../hosts/host.js';

jest.setTimeout(120_000);

const PATH = '/home/deploy/shop';
const STAGE = `${PATH}/.homeport/releases/r1/files`;

const STACK = `
x-common: &common {stop_signal: SIGKILL, logging: {driver: json-file, options: {max-size: 10m}}}
services:
  web:
    <<: *common
    image: busybox
    restart: unless-stopped
    command: [sh, -c, 'echo $$HOME && sleep 1000']
    environment: {PW: '\${PW}', LITERAL: 'a$$b$\${X}', INHERITED: , 'K\$EY': k, QUOTED: '"<&>"'}
    env_file: [app.env, {path: missing.env, required: false}]
    labels: {traefik.rule: 'Host(\`x\`) && PathRegexp(\`^/a$$\`)'}
    volumes: [./nginx:/etc/nginx:ro, ./f.conf:/f.conf, data:/data, ./bound:/long, /tmp:/abs, ~/home:/home2]
    configs: [c1, {source: c1, target: /x, mode: 0440}]
    secrets: [s1]
    depends_on: {db: {condition: service_healthy}, full: {condition: service_started, required: false}}
    healthcheck: {test: ['CMD-SHELL', 'true || exit $$?'], interval: 1s, start_period: 1s}
    deploy: {replicas: 2, resources: {limits: {cpus: '0.50', memory: 50M}}}
    ulimits: {nofile: {soft: 512, hard: 1024}}
    extra_hosts: ['host.docker.internal:host-gateway']
    stop_grace_period: 1m30s
    tmpfs: [/tmp]
    develop: {watch: [{path: ./src, action: sync, target: /src}]}
  built:
    <<: *common
    command: sleep 1000
    build: {context: ./app, args: {A: '\${PW}'}}
    depends_on: [web]
    networks: {back: {aliases: [b]}, default: }
    scale: 2
  db:
    <<: *common
    image: busybox
    command: sleep 1000
    healthcheck: {test: [CMD, 'true'], interval: 1s}
    volumes: ['./dbdata:/data', bound:/b]
    shm_size: 64m
    ports: ['127.0.0.1:18080:80', '127.0.0.1:19000-19002:9000-9002']
    networks: [back, default]
  full:
    <<: *common
    image: busybox
    command: sleep 1000
    profiles: [full]
    user: '0:0'
  sidecar:
    <<: *common
    image: busybox
    command: sleep 1000
    network_mode: service:db
    volumes_from: [db:ro]
    cpus: 0.5
    pids_limit: 100
networks: {back: {labels: {a: b}}}
volumes:
  data: {}
  bound: {driver: local, driver_opts: {type: none, o: bind, device: ./bound}}
configs: {c1: {file: ./c1.conf}}
secrets: {s1: {file: ./s1.txt}}
`;

const ENV = writeDotenv(new Map([['PW', `p$a"b\\c #'&<>é\n$\{X}`]]));
const FILES: Readonly<Record<string, string>> = {
  'docker-compose.yml': STACK,
  '.env': ENV,
  'app.env': "FROM_FILE=$PW\nSINGLE='x$y'\n",
  'app/Dockerfile': 'FROM busybox\nCMD sleep 1000\n',
  'c1.conf': 'c1',
  's1.txt': 's1',
  'f.conf': 'f',
  'nginx/nginx.conf': 'n',
  'bound/x': '',
};

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;
const hosts = new Map<Generation, TestHost>();
const versions = new Map<Generation, string>();

beforeAll(async () => {
  for (const generation of ['bookworm', 'sid'] as const) {
    const host = await startHost(generation);
    hosts.set(generation, host);
    versions.set(generation, await host.sh('docker compose version --short'));
    for (const folder of [PATH, STAGE]) {
      for (const [file, content] of Object.entries(FILES)) {
        await host.sh(`mkdir -p "$(dirname ${folder}/${file})" && cat >${folder}/${file}`, { input: content });
      }
    }
    await host.sh(`cd ${PATH} && mkdir -p dbdata && docker pull -q busybox && docker tag busybox shop-built`);
  }
});
afterAll(async () => {
  await Promise.all([...hosts.values()].map((host) => host.remove()));
});

/** As the deploy does it: nothing of a shell gets in but the home and the folder. */
async function compose(host: TestHost, argv: readonly string[], input = ''): Promise<string> {
  const scrubbed = `env -i HOME="$HOME" PATH="$PATH" docker compose ${argv.map(quoted).join(' ')}`;
  return host.sh(scrubbed, { input });
}

const callIn = (folder: string, profiles: readonly string[]): ComposeCall => ({
  project: 'shop',
  directory: folder,
  files: [`${folder}/docker-compose.yml`],
  envFile: `${folder}/.env`,
  profiles,
});

describe.each(['bookworm', 'sid'] as const)('Compose of %s', (generation) => {
  const hostOf = (): TestHost => hosts.get(generation) as TestHost;
  const labels = async (): Promise<Map<string, string>> =>
    parseHashes(
      await hostOf().sh(
        `docker ps -a --filter label=com.docker.compose.project=shop --format '{{.Label "com.docker.compose.service"}} {{.Label "com.docker.compose.config-hash"}}'`,
      ),
    );

  /** The first container of each service, by name. */
  const firstContainers = async (): Promise<Map<string, string>> => {
    const lines = await hostOf().sh(
      `docker ps -a --no-trunc --filter label=com.docker.compose.project=shop --format '{{.Names}} {{.Label "com.docker.compose.service"}} {{.ID}}' | sort -r`,
    );
    return new Map([...lines.matchAll(/^\S+ (\S+) (\S+)$/gm)].map(([, service = '', id = '']) => [service, id]));
  };

  async function foreseen(profiles: readonly string[]): Promise<Map<string, string>> {
    const model = await compose(hostOf(), configCommand(callIn(STAGE, profiles)));
    const moved = modelForHash(model, { from: STAGE, to: PATH, containers: await firstContainers() });
    return parseHashes(
      await compose(hostOf(), hashCommand({ project: 'shop', directory: PATH, files: ['-'], profiles }), moved),
    );
  }

  test('the labels of a first deploy are foreseen, but for a service that lives in a container that is not there yet', async () => {
    const { sidecar: unforeseen, ...hashes } = Object.fromEntries(await foreseen([]));
    await compose(hostOf(), [...projectArguments(callIn(PATH, [])), 'up', '-d', '--no-build', '--pull', 'never']);
    const { sidecar, ...written } = Object.fromEntries(await labels());
    expect(hashes).toEqual(written);
    expect(unforeseen).not.toBe(sidecar);
  });

  test('what is unchanged is known as such, that service too', async () => {
    expect(Object.fromEntries(await foreseen([]))).toEqual(Object.fromEntries(await labels()));
  });

  test('an active profile and a changed value show as what Compose will do', async () => {
    const before = await labels();
    const hashes = await foreseen(['full']);
    await compose(hostOf(), [...projectArguments(callIn(PATH, ['full'])), 'up', '-d', '--no-build', '--pull', 'never']);
    const after = await labels();
    expect(Object.fromEntries(hashes)).toEqual(Object.fromEntries(after));
    // Before 2.29 a dependency is part of the hash; none of the others may change.
    const changed = [...after].filter(([service, hash]) => before.get(service) !== hash).map(([service]) => service);
    expect(changed.sort()).toEqual(generation === 'bookworm' ? ['full', 'web'] : ['full']);
  });

  test('services brought up one by one get the same labels, and an operator’s up changes nothing', async () => {
    const version = versions.get(generation) ?? '';
    for (const service of ['db', 'full', 'sidecar', 'web', 'built']) {
      for (const argv of upCommands(callIn(PATH, ['full']), [service], {
        composeVersion: version,
        forceRecreate: true,
      })) {
        await compose(hostOf(), argv);
      }
    }
    expect(Object.fromEntries(await labels())).toEqual(Object.fromEntries(await foreseen(['full'])));
    const before = await hostOf().sh('docker ps -q --no-trunc | sort');
    await hostOf().sh(`cd ${PATH} && docker compose --profile full up -d`);
    expect(await hostOf().sh('docker ps -q --no-trunc | sort')).toBe(before);
  });
});
