/** The engine's answers as Homeport's own types. They carry far more than is read here. */
import type {
  ContainerDetails,
  ContainerHealth,
  ContainerStatus,
  ContainerSummary,
  Distribution,
  EngineEvent,
  EngineInfo,
  ImageDetails,
} from './engine.js';
import { fields, list, number, text, textMap, texts } from './shape.js';

const STATUSES: readonly ContainerStatus[] = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
];
const HEALTHS: readonly ContainerHealth[] = ['none', 'starting', 'healthy', 'unhealthy'];

export function readInfo(answer: unknown): EngineInfo {
  const info = fields(answer);
  return {
    dockerVersion: text(info['ServerVersion']),
    imageStore: imageStoreOf(info['DriverStatus']),
    architecture: imageArchitecture(text(info['Architecture'])),
    os: text(info['OSType']),
    rootless: texts(info['SecurityOptions']).includes('name=rootless'),
    dockerRoot: text(info['DockerRootDir']),
    mirrors: texts(fields(info['RegistryConfig'])['Mirrors']),
  };
}

/** With the containerd store the driver is a snapshotter, and says so. */
function imageStoreOf(driverStatus: unknown): 'classic' | 'containerd' {
  return list(driverStatus).some((pair) => texts(pair)[1]?.startsWith('io.containerd.snapshotter') === true)
    ? 'containerd'
    : 'classic';
}

/** The kernel's name of a machine as images are named for it. */
function imageArchitecture(machine: string): string {
  const names: Readonly<Record<string, string>> = {
    x86_64: 'amd64',
    aarch64: 'arm64',
    armv7l: 'arm',
    armv6l: 'arm',
    i686: '386',
    i386: '386',
  };
  return names[machine] ?? machine;
}

export function readContainers(answer: unknown): ContainerSummary[] {
  return list(answer).map((item) => {
    const container = fields(item);
    return {
      id: text(container['Id']),
      name: plainName(texts(container['Names'])[0] ?? ''),
      labels: textMap(container['Labels']),
      imageId: text(container['ImageID']),
      image: text(container['Image']),
      status: oneOf(STATUSES, text(container['State']), 'dead'),
      ports: list(container['Ports']).flatMap((entry) => {
        const port = fields(entry);
        const published = number(port['PublicPort']);
        if (published === 0) return [];
        return [
          {
            address: anyAddress(text(port['IP'])),
            port: published,
            containerPort: number(port['PrivatePort']),
            protocol: text(port['Type']),
          },
        ];
      }),
    };
  });
}

export function readContainer(answer: unknown): ContainerDetails {
  const container = fields(answer);
  const state = fields(container['State']);
  const config = fields(container['Config']);
  return {
    id: text(container['Id']),
    name: plainName(text(container['Name'])),
    labels: textMap(config['Labels']),
    imageId: text(container['Image']),
    status: oneOf(STATUSES, text(state['Status']), 'dead'),
    health: oneOf(HEALTHS, text(fields(state['Health'])['Status']), 'none'),
    exitCode: number(state['ExitCode']),
    restartCount: number(container['RestartCount']),
    startedAt: moment(state['StartedAt']),
    finishedAt: moment(state['FinishedAt']),
    env: texts(config['Env']),
    mounts: list(container['Mounts']).map((entry) => {
      const mount = fields(entry);
      return {
        type: text(mount['Type']),
        name: text(mount['Name']),
        source: text(mount['Source']),
        destination: text(mount['Destination']),
      };
    }),
    networks: Object.keys(fields(fields(container['NetworkSettings'])['Networks'])),
    error: text(state['Error']),
    oomKilled: state['OOMKilled'] === true,
  };
}

export function readImage(answer: unknown): ImageDetails {
  const image = fields(answer);
  const config = fields(image['Config']);
  const test = texts(fields(config['Healthcheck'])['Test']);
  return {
    id: text(image['Id']),
    // The containerd store lists names by digest among the tags.
    repoTags: texts(image['RepoTags']).filter((tag) => !tag.includes('@') && tag !== '<none>:<none>'),
    repoDigests: texts(image['RepoDigests']),
    architecture: text(image['Architecture']),
    os: text(image['Os']),
    volumes: Object.keys(fields(config['Volumes'])),
    hasHealthcheck: test.length > 0 && test[0] !== 'NONE',
  };
}

export function readDistribution(answer: unknown): Distribution {
  const distribution = fields(answer);
  return {
    digest: text(fields(distribution['Descriptor'])['digest']),
    platforms: list(distribution['Platforms'])
      .map((entry) => fields(entry))
      .map((platform) => ({ architecture: text(platform['architecture']), os: text(platform['os']) }))
      .filter(({ architecture }) => architecture !== '' && architecture !== 'unknown'),
  };
}

export function readEvent(answer: unknown): EngineEvent {
  const event = fields(answer);
  const actor = fields(event['Actor']);
  const attributes = textMap(actor['Attributes']);
  const nanoseconds = number(event['timeNano']);
  const exitCode = attributes['exitCode'];
  return {
    time: nanoseconds > 0 ? nanoseconds / 1e6 : number(event['time']) * 1000,
    service: attributes['com.docker.compose.service'] ?? '',
    container: text(actor['ID']),
    action: text(event['Action']),
    ...(exitCode === undefined ? {} : { exitCode: Number(exitCode) }),
  };
}

/** A linked container has a second name with a slash in it; its own is the short one. */
function plainName(name: string): string {
  return name.replace(/^\//, '');
}

function anyAddress(address: string): string {
  return address === '0.0.0.0' || address === '::' ? '' : address;
}

/** Go's zero time is a container that never started. */
function moment(value: unknown): number | undefined {
  const time = Date.parse(text(value));
  return Number.isNaN(time) || time <= 0 ? undefined : time;
}

function oneOf<T extends string>(known: readonly T[], value: string, otherwise: T): T {
  return known.find((one) => one === value) ?? otherwise;
}
