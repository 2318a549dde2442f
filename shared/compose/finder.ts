/** Finds what a checkout ships: reads its Compose files as Compose would, and follows every path in them. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, relative, resolve } from 'node:path';
import { UserError, type Problem } from '../base/errors.js';
import { nearest } from '../base/nearest.js';
import { Collector, type ContextSource } from './collector.js';
import { pickComposeFiles } from './default-files.js';
import { judgeEmpty } from './empty-variables.js';
import { NamedRoot, relativeTo } from './inside.js';
import type { Lookup } from './interpolate.js';
import { ProjectFiles } from './project-files.js';
import { findFiles, type ServiceFiles } from './service-files.js';
import { describeFile } from './shipped-file.js';
import type { BuildContext, Shipment, ShipmentRequest, ShippedFile } from './shipment.js';
import type { WalkedFile } from './walk.js';

/**
 * Everything that goes to the host.
 * @throws UserError with all that is wrong at once: files that are missing, unreadable YAML, required variables without a
 *   value, paths that lead out of the root
 */
export async function findShipment(request: ShipmentRequest): Promise<Shipment> {
  const root = await realpath(request.root);
  const named = new NamedRoot(root, request.shownRoot ?? '');
  const composeFiles = pickComposeFiles(named, request.composeFiles, request.env);
  const base = resolve(root, dirname(composeFiles[0] ?? ''));
  const project = new ProjectFiles(named);
  const files = project.loadAll(
    composeFiles.map((file) => resolve(root, file)),
    base,
    lookupOf(root, base, request.env),
  );
  const found = findFiles(files, project);
  const collector = new Collector(named, base, request, project.problems);
  for (const { file, place } of project.needed) await collector.ship(file, 'compose file', place);
  const active = activeProfiles(request);
  const contexts: ContextSource[] = [];
  for (const [name, service] of found.services) {
    const enabled = isEnabled(service, active);
    for (const reference of [...service.references.values()].flat())
      await collector.follow(reference, { service: name, enabled });
    if (enabled && service.build !== undefined) contexts.push(await collector.context(name, service.build));
  }
  for (const reference of found.resources) await collector.follow(reference, { enabled: true });
  for (const path of request.ship) await collector.shipAsked(path);
  const judged = judgeEmpty({
    unset: project.unset,
    empty: project.empty,
    variables: project.variables,
    givenEmpty: request.givenEmpty ?? [],
  });
  collector.problems.push(...judged.problems);
  // What a remote file has is known on the host only.
  if (!project.hasRemoteIncludes) collector.problems.push(...profilesOfNobody(request.profiles, found.services));
  if (collector.problems.length > 0) throw new UserError(sorted(collector.problems));
  const topFiles = new Set(composeFiles.map((file) => resolve(root, file)));
  return {
    name: files
      .filter(({ file }) => topFiles.has(file))
      .flatMap(({ yaml }) => yaml.roots.flatMap((top) => top.get('name')?.text ?? []))
      .at(-1),
    projectDirectory: relativeTo(root, base) ?? '',
    composeFiles: composeFiles.map((file) => relativeTo(root, resolve(root, file)) ?? file),
    files: await describeAll(collector.files),
    contexts: await Promise.all(contexts.map(describeContext)),
    dataFolders: [...collector.dataFolders].sort(),
    hostFiles: [...collector.hostFiles].sort(),
    missingBinds: collector.missingBinds,
    missingFiles: collector.missingFiles,
    warnings: judged.warnings,
    variables: project.variables,
    services: project.hasRemoteIncludes ? undefined : [...found.services.keys()],
    places: new Map([...found.services.values()].flatMap(({ places }) => [...places])),
    envFileReaders: collector.envFileReaders,
    dotEnvReaders: [
      ...new Set(
        collector.envFileReaders.filter(({ path }) => basename(path) === '.env').map(({ service }) => service),
      ),
    ],
  };
}

/**
 * What Compose knows on the host beside the stack's environment. A path that begins with the home is the host's; one that
 * begins with the working directory, where an operator calls Compose, is the root's.
 */
function lookupOf(root: string, base: string, env: Readonly<Record<string, string>>): Lookup {
  const ambient: Readonly<Record<string, string>> = {
    HOME: '~',
    PWD: `./${relative(base, root)}`,
    PATH: '',
    COMPOSE_PROJECT_NAME: '',
  };
  return (name) => env[name] ?? ambient[name];
}

function activeProfiles({ profiles, env }: ShipmentRequest): ReadonlySet<string> {
  return new Set([...profiles, ...(env['COMPOSE_PROFILES'] ?? '').split(',')]);
}

function isEnabled({ profiles }: ServiceFiles, active: ReadonlySet<string>): boolean {
  return profiles.size === 0 || active.has('*') || [...profiles].some((profile) => active.has(profile));
}

async function describeContext({ found, ...context }: ContextSource): Promise<BuildContext> {
  return { ...context, files: await describeAll(found) };
}

async function describeAll(found: ReadonlyMap<string, WalkedFile>): Promise<ShippedFile[]> {
  const described: ShippedFile[] = [];
  for (const [path, file] of [...found].sort(([a], [b]) => (a < b ? -1 : 1)))
    described.push(await describeFile(path, file));
  return described;
}

/** In the order of the files, as a person goes through them. */
function sorted(problems: readonly Problem[]): Problem[] {
  const unique = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...unique.values()].sort(
    (a, b) =>
      (a.file ?? '').localeCompare(b.file ?? '') || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}

/** Compose takes any word for a profile: one that is misspelt would leave its services out, silently. */
function profilesOfNobody(asked: readonly string[], services: ReadonlyMap<string, ServiceFiles>): Problem[] {
  const known = new Set([...services.values()].flatMap(({ profiles }) => [...profiles]));
  return asked
    .filter((profile) => profile !== '*' && !known.has(profile))
    .map((profile) => {
      const near = nearest(profile, [...known]);
      return {
        message: `no service has the profile "${profile}"${near === undefined ? '' : `: did you mean "${near}"?`}`,
      };
    });
}
