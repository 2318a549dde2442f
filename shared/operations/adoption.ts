/**
 * Adoption: a stack that somebody started by hand becomes a release before it is first changed, so that even the first deploy
 * can return to it. What cannot be proven is refused, unless `adopt: inexact` says that it may be taken as it is.
 */
import { posix } from 'node:path';
import { UserError } from '../base/errors.js';
import type { Log } from '../base/log.js';
import { parseDotenv } from '../compose/dotenv.js';
import type { Shipment } from '../compose/shipment.js';
import type { Manifest, ManifestFile } from '../release/manifest.js';
import { observe } from '../release/observe.js';
import type { Plan } from '../release/plan.js';
import { nextReleaseId } from '../release/release-id.js';
import { newestRelease, type Store } from '../release/store.js';
import { adoptedManifest } from './adopted-manifest.js';
import { editedProblems, imagesGone, mixedReplicas, unreadable } from './adoption-doubts.js';
import type { Adoption } from './adoption-record.js';
import { composeFilesOf, findHandMade, readFound, refusal, type FoundFile } from './adoption-look.js';
import { envWith, prove, type Proof } from './adoption-proof.js';
import { gather, type Gathered } from './gather.js';
import type { Hide } from './host-env.js';
import type { OpenHost } from './open-host.js';
import { ENV_FILE, projectDirectory } from './release-files.js';
import type { DeployRequest } from './request.js';

interface AdoptionInput {
  readonly host: OpenHost;
  readonly request: DeployRequest;
  readonly shipment: Shipment;
  readonly log: Log;
  readonly hide: Hide;
}

/**
 * Looks only: nothing is written.
 * @returns undefined where there is nothing to adopt; what runs from another folder is the plan's to refuse
 * @throws UserError naming everything that cannot be proven
 */
async function findAdoption(input: AdoptionInput, store: Store): Promise<Adoption | undefined> {
  const { host, request, shipment, log, hide } = input;
  if (store.current !== undefined) return undefined;
  const handMade = await findHandMade(host, request.project);
  const here = projectDirectory(host.layout.path, shipment);
  const containers = [...handMade.values()].flat();
  if (containers.length === 0 || containers.some((one) => workingDirectory(one) !== here)) return undefined;

  const composeFiles = composeFilesOf(handMade, host.layout.path, here);
  const shipped = [...shipment.files.map(({ path }) => path), ...composeFiles, ENV_FILE];
  const mounted = containers.flatMap(({ mounts }) =>
    mounts.flatMap(({ type, source }) => (type === 'bind' ? source : [])),
  );
  const [found, observed] = await Promise.all([
    readFound(host, [...shipped, ...mounted], composeFiles),
    observe(host.engine, request.project),
  ]);
  const values = valuesOf(found.env);
  hide(values.values());
  const profiles = (values.get('COMPOSE_PROFILES') ?? '').split(',').filter((name) => name !== '');
  const proof = await prove({
    host,
    project: request.project,
    handMade,
    observed,
    composeFiles,
    composeTexts: found.composeTexts,
    profiles: request.profiles.length === 0 ? [profiles] : [profiles, request.profiles],
    env: found.env,
    values,
  });
  if (typeof proof === 'string') throw new UserError(`${refusal()}Compose refuses the files on the host: ${proof}`);
  hide(proof.derived.values());
  const unproven = [
    ...[...proof.differing].map(
      ([service, what]) => `${service} is not what the files on the host say: ${what.join('; ')}`,
    ),
    ...(await editedProblems(host, containers, found.files, log)),
    ...mixedReplicas(observed),
  ];
  refuse(unproven, [...unreadable(shipped, found.files), ...(await imagesGone(host, observed))], input);
  const id = nextReleaseId(new Date(), 'adopted', newestRelease(store));
  const files = manifestFiles(shipped, found.files, shipment);
  const manifest = adoptedManifest({ host, request, id, composeFiles, files, values, observed, proof });
  return {
    manifest,
    env: proof.derived.size === 0 ? undefined : envWith(found.env, proof.derived),
    sentence: sentenceOf(manifest, proof),
  };
}

/**
 * What the release is made of, and the store as it is once the adoption is recorded: what somebody put there by hand is no
 * drift any more.
 */
export async function gatherBesideHandMade(
  host: OpenHost,
  asked: DeployRequest,
  found: Shipment | undefined,
  surroundings: Parameters<typeof gather>[3],
): Promise<{ readonly gathered: Gathered; readonly adoption: Adoption | undefined; readonly store: Store }> {
  const { store, hide, log } = surroundings;
  const gathered = await gather(host, asked, found, surroundings);
  const { request, shipment } = gathered;
  const adoption = await findAdoption({ host, request, shipment, log, hide }, store);
  if (adoption === undefined) return { gathered, adoption, store };
  if (request.operation === 'plan') log.info(`a deploy begins with this: ${adoption.sentence}`);
  const { manifest } = adoption;
  const untouched = {
    begun: false,
    hooked: false,
    reverted: false,
    recorded: true,
    unfinished: false,
    roomLeft: false,
  };
  const release = { id: manifest.id, decision: 'confirmed', ...untouched } as const;
  const adopted = { current: manifest, releases: [...store.releases, release] };
  if (asked.drift !== 'keep') return { gathered, adoption, store: adopted };
  const again = await gather(host, asked, found, { ...surroundings, store: adopted });
  return { gathered: again, adoption, store: adopted };
}

/** A plan says what a deploy would begin with. */
export function withSentence(plan: Plan, adoption: Adoption | undefined): Plan {
  return adoption === undefined ? plan : { ...plan, warnings: [adoption.sentence, ...plan.warnings] };
}

/** What the new release will write or remove, as it is now. What only the host has stays there, and is not ours to remove. */
function manifestFiles(
  names: readonly string[],
  found: ReadonlyMap<string, FoundFile>,
  shipment: Shipment,
): ManifestFile[] {
  const shipped = new Map(shipment.files.map((file) => [file.path, file.mode]));
  return [...new Set(names)].sort().flatMap((path): ManifestFile[] => {
    const file = found.get(path);
    if (file === undefined) return [];
    const wanted = shipped.get(path) ?? file.mode;
    // A umask that lets the group write is no change that a container must be recreated for.
    const mode = ((wanted ^ file.mode) & ~0o022) === 0 ? wanted : file.mode;
    return [{ path, mode, sha256: file.sha256 }];
  });
}

function refuse(
  unproven: readonly string[],
  impossible: readonly string[],
  { request, log }: Pick<AdoptionInput, 'request' | 'log'>,
): void {
  const inexact = request.adopt === 'inexact';
  const problems = [...(inexact ? [] : unproven), ...impossible];
  if (problems.length > 0) {
    const advice =
      inexact || unproven.length === 0
        ? ''
        : '. Make the folder what runs, or run `docker compose up -d` there; `adopt: inexact` takes it as it is, and a return may then not be exact';
    const last = problems.length - 1;
    throw new UserError(
      problems.map((problem, index) => ({ message: `${refusal()}${problem}${index === last ? advice : ''}` })),
    );
  }
  for (const problem of unproven) log.warning(`adopted as it is (\`adopt: inexact\`): ${problem}`);
}

function sentenceOf({ id, services }: Manifest, { derived, byFields }: Proof): string {
  const how = [
    ...(derived.size === 0 ? [] : [`with ${[...derived.keys()].sort().join(', ')} as its containers have it`]),
    ...(byFields.length === 0 ? [] : [`${byFields.join(', ')} field by field, since another Compose made them`]),
  ];
  const names = Object.keys(services).sort().join(', ');
  return `${names}: started by hand, adopted as release ${id}${how.length === 0 ? '' : ` (${how.join('; ')})`}`;
}

/** A line that Compose reads and we do not is no reason to refuse: only names come from here, and what the hash will prove. */
function valuesOf(env: string): ReadonlyMap<string, string> {
  try {
    return parseDotenv(env);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return new Map(
      [...env.matchAll(/^(?:export[ \t]+)?([A-Za-z_]\w*)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
  }
}

function workingDirectory({ labels }: { readonly labels: Readonly<Record<string, string>> }): string {
  const directory = labels['com.docker.compose.project.working_dir'] ?? '';
  return directory === '' ? '' : posix.normalize(directory);
}
