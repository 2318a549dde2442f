// What a project is on a host, asked of the host itself: what a return must bring back, and what a deploy must leave alone.
import type { TestHost } from '../hosts/host.js';
import type { Project } from './project.js';

export interface ContainerFacts {
  readonly id: string;
  readonly service: string;
  readonly status: string;
  readonly startedAt: string;
  readonly env: readonly string[];
  /** All that must be the same in a container that was made again. */
  readonly lasting: Readonly<Record<string, unknown>>;
}

export interface Facts {
  /** By name. */
  readonly containers: Readonly<Record<string, ContainerFacts>>;
  /** Path -> mode and SHA-256, below the project's folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Which release serves, and the file of ours that Compose reads. */
  readonly ours: string;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  /** Image name -> ID, without our own. */
  readonly names: Readonly<Record<string, string>>;
  /** What is seen in the mounts of the containers that run, `name path` -> content; of volumes what `markVolumes` left. */
  readonly seen: Readonly<Record<string, string>>;
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Image: string;
  readonly State: { readonly Status: string; readonly StartedAt: string; readonly Pid: number };
  readonly Config: Readonly<Record<string, unknown>> & {
    readonly Env: readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly Aliases: readonly string[] | null; readonly IPAMConfig: unknown }>
    >;
  };
}

const label = (project: Project): string => `--filter label=com.docker.compose.project=${project.name}`;
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
/** The process whose root is the container's. */
const EACH_RUNNING = `docker ps -q $label | xargs -r docker inspect --format '{{.Name}} {{.State.Pid}}' | while read -r name pid; do`;
const MARK = '.soak-mark';
const VOLUMES = `docker inspect --format '{{range .Mounts}}{{if eq .Type "volume"}}{{println .Destination}}{{end}}{{end}}' "$name" | grep .`;
const BINDS = `docker inspect --format '{{range .Mounts}}{{if eq .Type "bind"}}{{println .Destination}}{{end}}{{end}}' "$name" | grep .`;

/** Something in every volume by which it is known again. */
export async function markVolumes(host: TestHost, project: Project): Promise<void> {
  await host.sh(
    `label="${label(project)}"
${EACH_RUNNING}
  ${VOLUMES} | while read -r place; do
    test -e "/proc/$pid/root$place/${MARK}" || cat /proc/sys/kernel/random/uuid >"/proc/$pid/root$place/${MARK}"
  done
done`,
    { user: 'root' },
  );
}

export async function factsOf(host: TestHost, project: Project): Promise<Facts> {
  const text = await host.sh(
    `label="${label(project)}"
inspect() { kind=$1; shift; printf '%s\\n' "[$([ $# = 0 ] || docker "$kind" inspect --format '{{json .}},' "$@")null]"; echo ---; }
inspect container $(docker ps -aq --no-trunc $label)
inspect network $(docker network ls -q $label)
inspect volume $(docker volume ls -q $label)
cd ${quoted(project.path)} && find . -path ./.homeport -prune -o -type f -exec sha256sum {} + | sort -k 2
find . -path ./.homeport -prune -o -type f -exec stat -c '%a  %n' {} + | sort -k 2
echo ---
readlink .homeport/current; cat .homeport/scale.yml 2>/dev/null
echo ---
docker image ls --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}' | grep -v -e '^homeport/' -e '<none>' | sort
echo ---
${EACH_RUNNING}
  { ${BINDS}; echo /run/secrets; } | while read -r place; do
    (cd "/proc/$pid/root$place" 2>/dev/null && find . -type f -exec sha256sum {} + || sha256sum "/proc/$pid/root$place" 2>/dev/null) | sort | sed "s|^\\([0-9a-f]*\\).*/|$name $place \\1 |"
  done
  ${VOLUMES} | while read -r place; do echo "$name $place mark $(cat "/proc/$pid/root$place/${MARK}" 2>/dev/null)"; done
done | sort`,
    { user: 'root' },
  );
  const [containers = '', networks = '', volumes = '', files = '', ours = '', names = '', seen = ''] =
    text.split(/^---$/m);
  return {
    containers: Object.fromEntries(
      parsed<Inspected>(containers).map((one) => [one.Name.slice(1), containerFacts(one)]),
    ),
    networks: Object.fromEntries(parsed<Record<string, unknown>>(networks).map(networkFacts)),
    volumes: Object.fromEntries(
      parsed<Record<string, unknown>>(volumes).map(({ Name, Labels, Options }) => [String(Name), { Labels, Options }]),
    ),
    files: joined(files.split('\n').map((line) => /^(\S+) [ *](.*)$/.exec(line))),
    ours: ours.trim(),
    names: joined(
      names
        .split('\n')
        .map((line) => /^(\S+) (\S+)$/.exec(line))
        .map((found) => found && [found[0], found[2] ?? '', found[1] ?? '']),
    ),
    seen: joined(
      seen
        .split('\n')
        .map((line) => /^\/(\S+ \S+) (.*)$/.exec(line))
        .map((found) => found && [found[0], found[2] ?? '', found[1] ?? '']),
    ),
  };
}

function parsed<T>(text: string): T[] {
  return (JSON.parse(text) as (T | null)[]).filter((one) => one !== null);
}

/** Second group -> all the first groups of its lines. */
function joined(found: readonly (readonly string[] | null)[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const match of found) {
    if (match === null) continue;
    const [, value = '', key = ''] = match;
    all[key] = all[key] === undefined ? value : `${all[key]} ${value}`;
  }
  return all;
}

const anonymous = (name: string | undefined): boolean => /^[0-9a-f]{64}$/.test(name ?? '');

function containerFacts({ Id, Image, State, Config, HostConfig, Mounts, NetworkSettings }: Inspected): ContainerFacts {
  const labels: Record<string, string> = { ...Config.Labels };
  Reflect.deleteProperty(labels, 'com.docker.compose.replace');
  // The hash of one that lives in another's container names that container.
  if (String(HostConfig['NetworkMode']).startsWith('container:')) labels['com.docker.compose.config-hash'] = '';
  const env = [...(Config.Env ?? [])].sort();
  return {
    id: Id,
    service: labels['com.docker.compose.service'] ?? '',
    status: State.Status,
    startedAt: State.StartedAt,
    env,
    lasting: {
      image: Image,
      // Work that has finished is not done again by a return.
      status: State.Status === 'exited' || State.Status === 'created' ? 'at rest' : State.Status,
      env,
      labels,
      command: [Config['Entrypoint'], Config['Cmd'], Config['User'], Config['WorkingDir'], Config['Healthcheck']],
      limits: ['RestartPolicy', 'PortBindings', 'Tmpfs', 'ExtraHosts', 'Init', 'LogConfig', 'ShmSize'].map(
        (key) => HostConfig[key],
      ),
      mounts: Mounts.map(({ Type, Name, Source, Destination, RW }) =>
        [Destination, Type, Type === 'volume' ? (anonymous(Name) ? 'anonymous' : Name) : Source, RW].join(' '),
      ).sort(),
      networks: Object.entries(NetworkSettings.Networks)
        .map(([name, { Aliases, IPAMConfig }]) => [
          name,
          (Aliases ?? []).filter((alias) => !Id.startsWith(alias)).sort(),
          IPAMConfig,
        ])
        .sort(),
    },
  };
}

function networkFacts(network: Readonly<Record<string, unknown>>): [string, unknown] {
  const { Name, Driver, Options, Internal, Labels, IPAM } = network;
  const given = (Labels as Record<string, string>)['com.docker.compose.network'] === 'lan';
  return [String(Name), { Driver, Options, Internal, Labels, ...(given ? { IPAM } : {}) }];
}
