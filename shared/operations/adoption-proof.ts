/**
 * Whether what a folder says is what its containers were made from: Compose's own hash must equal each one's label. Where it
 * does not, the variables of somebody's shell are derived from the containers, and it is proven again.
 */
import { deriveVariables, type ActualTexts } from '../compose/derive-variables.js';
import { compareVersions, configCommand, hashCommand, parseHashes } from '../compose/command.js';
import { writeDotenv } from '../compose/dotenv.js';
import { modelForHash } from '../compose/model-for-hash.js';
import { fields, list, text, textMap, texts, type Fields } from '../host/shape.js';
import { effectiveDifferences } from '../release/effective.js';
import type { Observed } from '../release/observed.js';
import { firstContainers } from '../release/staging.js';
import { lines, sh } from '../ssh/shell-text.js';
import type { HandMade } from './adoption-look.js';
import { composeCall, modelCall } from './compose-calls.js';
import type { OpenHost } from './open-host.js';

export interface ProofInput {
  readonly host: OpenHost;
  readonly project: string;
  readonly handMade: HandMade;
  readonly observed: Observed;
  readonly composeFiles: readonly string[];
  readonly composeTexts: readonly string[];
  /** Those that the folder itself names, and those of the stack that is to come. */
  readonly profiles: readonly (readonly string[])[];
  readonly env: string;
  readonly values: ReadonlyMap<string, string>;
}

export interface Proof {
  /** As Compose printed it. */
  readonly model: string;
  readonly profiles: readonly string[];
  /** Service -> what Compose labels it with from these files. */
  readonly hashes: ReadonlyMap<string, string>;
  /** What was in nobody's `.env`, and in the shell that started the stack. */
  readonly derived: ReadonlyMap<string, string>;
  /** Service -> what of it is not as the files say; names only. Empty: proven. */
  readonly differing: ReadonlyMap<string, readonly string[]>;
  /** Services proven field by field, since another version of Compose has labelled them. */
  readonly byFields: readonly string[];
}

/** @returns what Compose says, where it refuses the files */
export async function prove(input: ProofInput): Promise<Proof | string> {
  const first = await tryProfiles(input, new Map());
  if (typeof first !== 'string' && unlike(first, input).length === 0) return proven(first, new Map());
  const inspected = await inspect(input);
  const doubted = typeof first === 'string' ? [...input.handMade.keys()] : unlike(first, input);
  const derived = derive(input, doubted, inspected);
  const second = derived.size === 0 ? first : await tryProfiles(input, derived);
  const [last, with_] = typeof second === 'string' ? [first, new Map<string, string>()] : [second, derived];
  if (typeof last === 'string') return last;
  return judged(last, with_, input, inspected);
}

interface Attempt {
  readonly model: string;
  readonly services: Fields;
  readonly profiles: readonly string[];
  readonly hashes: ReadonlyMap<string, string>;
}

function proven({ model, profiles, hashes }: Attempt, derived: ReadonlyMap<string, string>): Proof {
  return { model, profiles, hashes, derived, differing: new Map(), byFields: [] };
}

/** Under another Compose the labels tell nothing, and the fields are what there is. */
function judged(
  attempt: Attempt,
  derived: ReadonlyMap<string, string>,
  input: ProofInput,
  inspected: Inspected,
): Proof {
  const differing = new Map<string, readonly string[]>();
  const byFields: string[] = [];
  const model = fields(JSON.parse(attempt.model.split('$$').join('$')));
  for (const service of unlike(attempt, input)) {
    const containers = input.handMade.get(service) ?? [];
    const found =
      attempt.services[service] === undefined
        ? ['it is in none of its compose files']
        : containers.flatMap(({ id, imageId }) =>
            effectiveDifferences({
              project: input.project,
              model,
              service,
              container: inspected.containers.get(id) ?? {},
              image: inspected.images.get(imageId) ?? {},
            }),
          );
    const other = containers.some(
      ({ labels }) =>
        compareVersions(labels['com.docker.compose.version'] ?? '', input.host.facts.composeVersion) !== 0,
    );
    if (found.length === 0 && other) byFields.push(service);
    else differing.set(service, found.length === 0 ? ['config'] : [...new Set(found)]);
  }
  return { ...proven(attempt, derived), differing, byFields };
}

/** Services of which a container has another label. */
function unlike({ hashes }: Attempt, { handMade }: ProofInput): string[] {
  return [...handMade]
    .filter(([service, containers]) =>
      containers.some(({ labels }) => labels['com.docker.compose.config-hash'] !== hashes.get(service)),
    )
    .map(([service]) => service);
}

/** The folder's own profiles, unless something runs that has none of them. */
async function tryProfiles(input: ProofInput, derived: ReadonlyMap<string, string>): Promise<Attempt | string> {
  let result: Attempt | string = '';
  for (const profiles of input.profiles) {
    result = await attempt(input, profiles, derived);
    if (typeof result === 'string') return result;
    const { services } = result;
    if ([...input.handMade.keys()].every((service) => services[service] !== undefined)) return result;
  }
  return result;
}

async function attempt(
  { host, project, composeFiles, env, observed }: ProofInput,
  profiles: readonly string[],
  derived: ReadonlyMap<string, string>,
): Promise<Attempt | string> {
  const { shell, layout } = host;
  const subject = { project, composeFiles, profiles, envFile: '' };
  const call = composeCall(subject, layout.path);
  // Compose opens its env file more than once, so that a pipe would not do.
  const file = `${layout.home}/adopting`;
  const config = await (derived.size === 0
    ? shell.run(host.compose(configCommand(call)))
    : shell.run(
        lines(
          sh`(umask 077 && mkdir -p ${layout.home} && cat >${file}) || exit 1`,
          host.compose(configCommand({ ...call, envFile: file })),
          sh`status=$?; rm -f ${file}; exit $status`,
        ),
        { stdin: envWith(env, derived) },
      ));
  if (config.status !== 0) return said(config.stderr);
  const model = config.stdout;
  const containers = firstContainers(observed);
  const hashed = await shell.run(host.compose(hashCommand(modelCall(subject, layout.path))), {
    stdin: modelForHash(model, { from: layout.path, to: layout.path, containers }),
  });
  if (hashed.status !== 0) return said(hashed.stderr);
  const services = fields(fields(JSON.parse(model))['services']);
  return { model, services, profiles, hashes: parseHashes(hashed.stdout) };
}

/** What stands later counts. */
export function envWith(env: string, derived: ReadonlyMap<string, string>): string {
  return `${env}${env === '' || env.endsWith('\n') ? '' : '\n'}${writeDotenv(derived)}`;
}

function said(stderr: string): string {
  const told = stderr.split('\n').filter((line) => line.trim() !== '' && !/level=warning/.test(line));
  return told.length === 0 ? 'it gave no reason' : told.join('\n');
}

interface Inspected {
  readonly containers: ReadonlyMap<string, Fields>;
  readonly images: ReadonlyMap<string, Fields>;
}

/** Everything that the engine knows of them, in one session: only where the hashes are no proof. */
async function inspect({ host, handMade }: ProofInput): Promise<Inspected> {
  const all = [...handMade.values()].flat();
  const ids = all.map(({ id }) => id);
  const images = [...new Set(all.map(({ imageId }) => imageId))];
  const { stdout } = await host.shell.run(
    sh`${host.docker} inspect --format ${'{{json .}}'} ${ids}; ${host.docker} image inspect --format ${'{{json .}}'} ${images}; :`,
  );
  const found = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [fields(JSON.parse(line))] : []));
  const byId = new Map(found.map((one) => [text(one['Id']), one]));
  const pick = (wanted: readonly string[]): Map<string, Fields> =>
    new Map(wanted.map((id) => [id, byId.get(id) ?? {}]));
  return { containers: pick(ids), images: pick(images) };
}

function derive(input: ProofInput, services: readonly string[], inspected: Inspected): Map<string, string> {
  const actual = services.flatMap((service): [string, ActualTexts][] => {
    const [first] = input.handMade.get(service) ?? [];
    if (first === undefined) return [];
    const config = fields(inspected.containers.get(first.id)?.['Config']);
    return [
      [
        service,
        { image: text(config['Image']), environment: environmentOf(config), labels: textMap(config['Labels']) },
      ],
    ];
  });
  const derived = deriveVariables(input.composeTexts, new Map(actual));
  for (const [name, value] of derived) if (input.values.get(name) === value) derived.delete(name);
  return derived;
}

function environmentOf(config: Fields): Record<string, string> {
  return Object.fromEntries(
    texts(list(config['Env'])).map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}
