// What a host is, asked of the host itself and not of Homeport: to be compared before and after.
import type { TestHost } from '../../hosts/host.js';

export interface ContainerSnapshot {
  readonly id: string;
  readonly image: string;
  readonly hash: string;
  readonly status: string;
  readonly startedAt: string;
  /** Sorted `KEY=value` of the process. */
  readonly env: readonly string[];
}

export interface Snapshot {
  /** By container name. */
  readonly containers: Readonly<Record<string, ContainerSnapshot>>;
  /** Path below the project's folder -> SHA-256 and mode; `.homeport` is left out. */
  readonly files: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  /** Image name -> ID, for every name that is not one of ours. */
  readonly names: Readonly<Record<string, string>>;
}

export async function snapshot(host: TestHost, project = 'shop', path = '/srv/shop'): Promise<Snapshot> {
  const text = await host.sh(`
label=label=com.docker.compose.project=${project}
ids=$(docker ps -aq --no-trunc --filter $label)
printf '%s\\n' "[$([ -z "$ids" ] || docker inspect --format '{{json .}},' $ids)null]"
echo ---
cd ${path} 2>/dev/null && find . -path ./.homeport -prune -o -type f -exec sha256sum {} + -exec stat -c '%a %n' {} + | sort
echo ---
docker volume ls -q --filter $label | sort
echo ---
docker network ls --format '{{.Name}}' --filter $label | sort
echo ---
docker image ls --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}' | grep -v -e '^homeport/' -e '<none>' | sort`);
  const [inspected = '[]', files = '', volumes = '', networks = '', names = ''] = text.split('\n---');
  const list = (JSON.parse(inspected) as (Inspected | null)[]).filter((one) => one !== null);
  return {
    containers: Object.fromEntries(list.map((one) => [one.Name.slice(1), containerSnapshot(one)])),
    files: pairs(files, 2),
    volumes: words(volumes),
    networks: words(networks),
    names: Object.fromEntries(words(names).map((line) => line.split(' ') as [string, string])),
  };
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Image: string;
  readonly State: { readonly Status: string; readonly StartedAt: string };
  readonly Config: { readonly Env: string[]; readonly Labels: Record<string, string> };
}

function containerSnapshot({ Id, Image, State, Config }: Inspected): ContainerSnapshot {
  return {
    id: Id,
    image: Image,
    hash: Config.Labels['com.docker.compose.config-hash'] ?? '',
    status: State.Status,
    startedAt: State.StartedAt,
    env: [...Config.Env].sort(),
  };
}

/** The same as `snapshot`, without what a return cannot keep: container ids and start times. */
export function lasting({ containers, files, volumes, networks, names }: Snapshot): object {
  const kept = Object.entries(containers).map(([name, { image, hash, status, env }]) => [
    name,
    { image, hash, status, env },
  ]);
  return { containers: Object.fromEntries(kept) as object, files, volumes, networks, names };
}

/** Container ids by name. */
export function ids({ containers }: Snapshot): Record<string, string> {
  return Object.fromEntries(Object.entries(containers).map(([name, { id }]) => [name, id]));
}

function words(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** `sha256sum` and `stat` lines joined by their path. */
function pairs(text: string, separator: number): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of words(text)) {
    const match = new RegExp(`^(\\S+) {1,${separator}}\\./(.*)$`).exec(line);
    if (match !== null)
      found[match[2] ?? ''] = [found[match[2] ?? ''], match[1]].filter((part) => part !== undefined).join(' ');
  }
  return found;
}
