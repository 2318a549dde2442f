/** Brings the images of a release onto the host while the old one serves, and holds them there by our own tags. No name of the stack's moves. */
import { HostFailure, UserError } from '../base/errors.js';
import type { Log } from '../base/log.js';
import { builtFrom } from '../compose/model.js';
import type { BuildContext } from '../compose/shipment.js';
import { fetchImage } from '../host/image-resolver.js';
import type { RegistryLogin } from '../host/registry-login.js';
import { buildFile } from '../release/build-file.js';
import { holdingTag } from '../release/holding.js';
import type { ReleaseImage } from '../release/manifest.js';
import type { Staged } from '../release/staging.js';
import type { WantedImage } from '../release/wanted-images.js';
import { shipTar } from '../ssh/ship.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';
import { buildLogins, refusedOptional } from './build-logins.js';
import { withRegistryLogins } from './registry-config.js';
import type { OpenHost } from './open-host.js';
import type { DeployRequest } from './request.js';

export interface FetchInput {
  readonly host: OpenHost;
  readonly request: DeployRequest;
  readonly id: string;
  readonly staged: Staged;
  readonly contexts: readonly BuildContext[];
  readonly images: ReadonlyMap<string, WantedImage>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Service -> image, all on the host and held.
 * @throws HostFailure with what the registry or the build said; nothing that serves was touched
 */
export async function fetchImages(input: FetchInput): Promise<Map<string, ReleaseImage>> {
  const built = await buildImages(input);
  const stop = new AbortController();
  const stoppable = { ...input, signal: AbortSignal.any([input.signal, stop.signal]) };
  const failures: unknown[] = [];
  const fetched = await Promise.all(
    [...input.images].map(async ([service, image]): Promise<[string, ReleaseImage][]> => {
      try {
        const one = await fetchOne(service, image, built, stoppable);
        // At once: what is held by our tag can be let go when another one fails.
        await input.host.engine.tagImage(one.id, holdingTag(input.request.project, service, input.id));
        return [[service, one]];
      } catch (error) {
        failures.push(error);
        stop.abort();
        return [];
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
  return new Map(fetched.flat());
}

async function fetchOne(
  service: string,
  image: WantedImage,
  built: ReadonlyMap<string, string>,
  input: FetchInput,
): Promise<ReleaseImage> {
  const { reference } = image;
  switch (image.source) {
    case 'recorded':
      return { reference, id: image.id, ...(image.pinned === undefined ? {} : { pinned: image.pinned }) };
    case 'build': {
      const id = image.id ?? built.get(image.builder);
      if (id === undefined) throw new Error(`service ${service} was not built`);
      return { reference, id, buildInputs: image.buildInputs };
    }
    case 'registry': {
      const { host, request, log, signal } = input;
      const id =
        image.id ??
        (await fetchImage(
          host.engine,
          host.facts,
          image.resolved,
          request.registries,
          (line) => {
            log.debug(line);
          },
          signal,
        ));
      return { reference, id, pinned: image.resolved.pinned };
    }
  }
}

/** Builds what is to be built in one call, so that shared stages are built once. Service -> image id. */
async function buildImages(input: FetchInput): Promise<Map<string, string>> {
  const { host, request, id, staged, images, contexts, log } = input;
  const changed = [...images].flatMap(([, image]) =>
    image.source === 'build' && image.id === undefined ? image.builder : [],
  );
  // Compose can build nothing whose bases are not in the same file.
  const due = [...new Set(changed.flatMap((service) => [service, ...builtFrom(staged.model, service)]))];
  if (due.length === 0) return new Map();
  if (!host.facts.buildx) log.warning('this host has no buildx: images are built by the classic builder');
  const names = new Map(due.map((service) => [service, holdingTag(request.project, service, id)]));
  const candidates = await buildLogins(request.registries, { due, model: staged.model, contexts });
  for (const [index, logins] of candidates.entries()) {
    const { status, stdout } = await build(names, logins, input);
    if (status === 0) break;
    if (index + 1 < candidates.length && refusedOptional(logins, stdout)) {
      log.info('the build was refused with `github-token`: once more without it');
      continue;
    }
    const said = stdout.split('\n').filter((line) => line.trim() !== '');
    throw new HostFailure(host.shell.name, `the build of ${due.join(', ')} failed`, said.slice(-40));
  }
  const built = await Promise.all(
    [...names].map(async ([service, name]): Promise<[string, string]> => [service, await idOf(host, name)]),
  );
  return new Map(built);
}

async function build(
  names: ReadonlyMap<string, string>,
  logins: readonly RegistryLogin[],
  { host, request, id, staged, log, signal }: FetchInput,
): Promise<{ readonly status: number; readonly stdout: string }> {
  const release = host.layout.release(id);
  const file = `${release.directory}/build.json`;
  return withRegistryLogins(host, release, logins, async (config) =>
    shipTar(
      host.shell,
      lines(
        sh`set -u`,
        sh`mkdir -p ${release.build} ${release.temporary} && tar -xpof - -C ${release.directory} || exit 1`,
        sh`${buildCommand(host, config, release.temporary)} -p ${request.project} --project-directory ${release.build} -f ${file} build </dev/null 2>&1`,
        sh`status=$?`,
        sh`rm -rf ${release.temporary}`,
        sh`exit $status`,
      ),
      [
        {
          path: 'build.json',
          mode: 0o600,
          content: buildFile(staged.stagedModel, names, release.files, release.build),
        },
      ],
      {
        onStdout: (line) => {
          log.output(line);
        },
        signal,
      },
    ),
  );
}

/**
 * Compose writes what it builds with, secret arguments too, to a file that all can read: so it gets a folder for such files
 * that only we can enter. Through sudo no variable goes, but the config's place may be said in words.
 */
function buildCommand(host: OpenHost, config: string | undefined, temporary: string): ShellText {
  const settings = [`TMPDIR=${temporary}`, 'BUILDX_NO_DEFAULT_ATTESTATIONS=1', 'BUILDKIT_PROGRESS=plain'];
  const { facts } = host;
  if (config === undefined) return sh`${host.withEnvironment(settings)} ${facts.composeCommand}`;
  return facts.sudo
    ? sh`${host.withEnvironment(settings)} ${[...facts.dockerCommand, '--config', config, 'compose']}`
    : sh`${host.withEnvironment([...settings, `DOCKER_CONFIG=${config}`])} ${facts.composeCommand}`;
}

async function idOf(host: OpenHost, name: string): Promise<string> {
  const image = await host.engine.inspectImage(name);
  if (image === undefined) throw new UserError(`the build left no image ${name} on ${host.shell.name}`);
  return image.id;
}
