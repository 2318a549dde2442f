/** Which logins a build gets. A builder asks with the one it has and no other, so the job's own token is not among them unless it may be needed. */
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import type { ComposeModel } from '../compose/model.js';
import type { BuildContext } from '../compose/shipment.js';
import { canonicalRegistry } from '../host/image-reference.js';
import type { RegistryLogin } from '../host/registry-login.js';

export interface BuildSubject {
  /** The services to build. */
  readonly due: readonly string[];
  readonly model: ComposeModel;
  readonly contexts: readonly BuildContext[];
}

/** In the order in which they are tried: the second where a registry refuses what the first has of the job's own. */
export async function buildLogins(
  logins: readonly RegistryLogin[],
  subject: BuildSubject,
): Promise<readonly (readonly RegistryLogin[])[]> {
  const given = logins.filter(({ optional }) => optional !== true);
  const named = await Promise.all(
    logins
      .filter((login) => login.optional === true)
      .map(async (login) => ((await names(canonicalRegistry(login.registry), subject)) ? [login] : [])),
  );
  const optional = named.flat();
  return optional.length === 0 ? [given] : [[...given, ...optional], given];
}

/** Whether a builder that ended like this was refused by the registry of a login that need not be. */
export function refusedOptional(logins: readonly RegistryLogin[], said: string): boolean {
  const refused = said.split('\n').filter((line) => /denied|unauthorized|forbidden|\b40[13]\b/i.test(line));
  return logins.some(({ optional, registry }) => optional === true && refused.some((line) => line.includes(registry)));
}

async function names(registry: string, { due, model, contexts }: BuildSubject): Promise<boolean> {
  const found = await Promise.all(
    due.map(async (service) => {
      const build = model.services[service]?.build;
      const context = contexts.find((one) => one.service === service);
      // What another server has of Dockerfiles is not seen from here.
      if (build === undefined || context === undefined) return true;
      if (JSON.stringify(build).includes(registry)) return true;
      const dockerfile = posix.basename(build.dockerfile ?? 'Dockerfile');
      const files = context.files.filter(({ path }) => posix.basename(path) === dockerfile);
      const texts = await Promise.all(files.map(async ({ file }) => readFile(file, 'utf8').catch(() => registry)));
      return texts.some((text) => text.includes(registry));
    }),
  );
  return found.includes(true);
}
