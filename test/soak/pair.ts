// Two projects that a seed makes: one that serves, and what becomes of it.
import { CHANGES, isActive, withLodgers } from './changes.js';
import { Dice } from './dice.js';
import { dependents, isKind, mapOf, serviceOf, where, type Kind, type Project } from './project.js';
import { addService, webCheck } from './services.js';
import { TRAITS } from './traits.js';

/** What fails B at its last gate: a hook when all is healthy, or a service that never is. */
export type Gate = { readonly kind: 'hook' | 'exec' } | { readonly kind: 'health'; readonly service: string };

export interface Pair {
  readonly seed: number;
  readonly generation: 'bookworm' | 'sid';
  readonly a: Project;
  readonly b: Project;
  /** B, and the gate that it does not pass. */
  readonly failing: Project;
  readonly gate: Gate;
  /** The names of the changes. */
  readonly changes: readonly string[];
  /** The services that they may touch. */
  readonly touched: ReadonlySet<string>;
}

const FIRST: readonly Kind[] = ['web', 'web', 'worker', 'cache', 'proxy', 'built'];
const MORE: readonly Kind[] = ['web', 'worker', 'worker', 'cache', 'proxy', 'job', 'job', 'built'];

const HARD: readonly (keyof typeof CHANGES)[] = [
  'moved tag',
  'network options',
  'service removed',
  'service renamed',
  'port moved',
  'container name moved',
  'profile switched',
  'scale',
  'one-shot',
  'image version',
  'file content',
  'value of the stack',
];

export function makePair(seed: number): Pair {
  const dice = new Dice(seed);
  const a = makeProject(seed, dice);
  const b = structuredClone(a);
  const { changes, touched } = change(b, dice);
  const failing = structuredClone(b);
  const gate = failAtTheLastGate(failing, dice);
  const generation = seed % 2 === 0 ? 'bookworm' : 'sid';
  return { seed, generation, a, b, failing, gate, changes, touched: withLodgers([a, b], touched) };
}

function makeProject(seed: number, dice: Dice): Project {
  const name = `soak${String(seed)}`;
  const folder = dice.chance(0.25) ? 'deploy/' : '';
  const project: Project = {
    name,
    path: `/srv/${dice.pick([name, `stack-${String(seed)}`, 'Some.Stack', 'with blank'])}`,
    folder,
    layout: dice.pick(['one', 'one', 'one', 'override', 'include', 'extends']),
    syntax: dice.pick(['json', 'yaml']),
    kinds: {},
    services: {},
    networks: {},
    volumes: {},
    configs: {},
    secrets: {},
    files: {},
    env: {},
    profiles: dice.chance(0.3) ? [dice.pick(['tools', 'full'])] : [],
    scale: {},
    config: {},
    live: {},
  };
  addService(project, dice.pick(FIRST), dice);
  for (let more = dice.between(1, 4); more > 0; more -= 1)
    addService(project, dice.chance(0.06) ? 'database' : dice.pick(MORE), dice);
  for (const name_ of Object.keys(project.services)) {
    for (let traits = dice.between(1, 5); traits > 0; traits -= 1) dice.pick(TRAITS)(project, name_, dice);
  }
  if (dice.chance(0.15)) project.config['hooks'] = { 'before-switch': [{ host: 'true' }] };
  return project;
}

function change(project: Project, dice: Dice): { changes: string[]; touched: Set<string> } {
  const changes: string[] = [];
  const touched = new Set<string>();
  const count = dice.between(1, 4);
  // What Compose gets wrong is tried first more often than not.
  const first = dice.chance(0.7) ? dice.shuffled(HARD) : [];
  for (const name of new Set([...first.slice(0, 3), ...dice.shuffled(Object.keys(CHANGES))])) {
    if (changes.length === count) break;
    const services = CHANGES[name]?.(project, dice);
    if (services === undefined) continue;
    changes.push(name);
    for (const service of services) touched.add(service);
  }
  return { changes, touched };
}

function failAtTheLastGate(project: Project, dice: Dice): Gate {
  const candidates = where(
    project,
    (service, name) =>
      isKind(project, 'web')(service, name) &&
      isActive(project, name) &&
      dependents(project, name).length === 0 &&
      project.scale[name] !== 0,
  );
  if (candidates.length > 0 && dice.chance(0.5)) {
    const name = dice.pick(candidates);
    const service = serviceOf(project, name);
    mapOf(service, 'environment')['HEALTH'] = 'never';
    service['healthcheck'] = { ...webCheck(), retries: 1 };
    return { kind: 'health', service: name };
  }
  const running = where(project, (service, name) => !isKind(project, 'job')(service, name) && isActive(project, name));
  const exec = running.length > 0 && dice.chance(0.5);
  const hook = exec ? { exec: dice.pick(running), command: 'exit 9' } : { host: 'exit 9' };
  mapOf(project.config, 'hooks')['after-switch'] = [hook];
  return { kind: exec ? 'exec' : 'hook' };
}
