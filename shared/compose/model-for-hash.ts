/**
 * Foresees how Compose will label containers. A project that was resolved where it is staged is fed back as one that lies in
 * its own folder; and what `up` replaces before it hashes a service, and `config` leaves alone, is replaced here.
 */

type Json = Record<string, unknown>;

export interface HashPlace {
  /** Absolute folder in which the project was resolved, and the one in which it will lie. */
  readonly from: string;
  readonly to: string;
  /** The IDs of the containers that serve now: the first one, by name, of each service. */
  readonly containers: ReadonlyMap<string, string>;
}

/**
 * What Compose printed as JSON, with every mention of `from` made one of `to`, in the middle of a text too: `${PWD}` may
 * stand anywhere. Still Compose's output: `parseModel` reads it.
 */
export function moveModel(text: string, from: string, to: string): string {
  return JSON.stringify(mapModel(JSON.parse(text), moving(from, to), same));
}

/**
 * Whether the labels are those of `modelForHash` only, and not simply of the same text with its paths moved: something is
 * shared with another service, an optional dependency is not part of the project, or a `$` or a sign that JSON escapes
 * stands where the text alone cannot tell it.
 */
export function needsModelForHash(text: string, { from, to }: Pick<HashPlace, 'from' | 'to'>): boolean {
  if ([from, to].some((path) => /[$&<>"\\\p{Cc}\u2028\u2029]/u.test(path))) return true;
  const model = JSON.parse(text) as Json;
  const services = (model['services'] ?? {}) as Record<string, Json>;
  return hasDoubledKey(model) || Object.values(services).some((service) => isChangedByUp(service, services));
}

function isChangedByUp(service: Json, services: Readonly<Record<string, Json>>): boolean {
  const shared = ['network_mode', 'ipc', 'pid'].map((key) => service[key]);
  const needs = service['depends_on'];
  return (
    shared.some((mode) => typeof mode === 'string' && mode.startsWith('service:')) ||
    (Array.isArray(service['volumes_from']) && service['volumes_from'].length > 0) ||
    (typeof needs === 'object' && needs !== null && Object.keys(needs).some((name) => !(name in services)))
  );
}

function hasDoubledKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, one]) => key.includes('$$') || hasDoubledKey(one));
}

/**
 * The model whose `config --hash` are the labels. Compose doubles each `$` in its output and undoes that in values only, so
 * keys are undone here. `up` drops optional dependencies that are not part of the project (before 2.29 they are hashed),
 * and it names the container, not the service, whose network, processes or volumes a service shares: the label changes
 * with that container. One that does not exist yet is left as a service, and the label cannot be foreseen.
 */
export function modelForHash(text: string, { from, to, containers }: HashPlace): string {
  const model = mapModel(JSON.parse(text), moving(from, to), (key) => key.replaceAll('$$', '$')) as Json;
  const services = (model['services'] ?? {}) as Record<string, Json>;
  for (const service of Object.values(services)) {
    for (const key of ['network_mode', 'ipc', 'pid']) service[key] = sharedNamespace(service[key], containers);
    if (Array.isArray(service['volumes_from'])) {
      service['volumes_from'] = service['volumes_from'].map((source: string) => sharedVolumes(source, containers));
    }
    const needs = service['depends_on'];
    if (typeof needs === 'object' && needs !== null) {
      service['depends_on'] = Object.fromEntries(Object.entries(needs).filter(([name]) => name in services));
    }
  }
  return JSON.stringify(model);
}

function sharedNamespace(mode: unknown, containers: ReadonlyMap<string, string>): unknown {
  if (typeof mode !== 'string' || !mode.startsWith('service:')) return mode;
  const id = containers.get(mode.slice('service:'.length));
  return id === undefined ? mode : `container:${id}`;
}

/** The bare ID, and without what stood behind it: that is what Compose hashes. */
function sharedVolumes(source: string, containers: ReadonlyMap<string, string>): string {
  const [name = '', other = ''] = source.split(':');
  return name === 'container' ? other : (containers.get(name) ?? source);
}

/** Compose doubles the `$` of a path as well. */
function moving(from: string, to: string): (value: string) => string {
  const [old, now] = [from, to].map((path) => path.split('$').join('$$')) as [string, string];
  return (value) => value.split(old).join(now);
}

function mapModel(value: unknown, ofText: (text: string) => string, ofKey: (key: string) => string): unknown {
  if (typeof value === 'string') return ofText(value);
  if (Array.isArray(value)) return value.map((one) => mapModel(one, ofText, ofKey));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [ofKey(key), mapModel(one, ofText, ofKey)]));
}

function same(key: string): string {
  return key;
}
