/** What was adopted as the host keeps it: a release like any other, whole before anything points to it. */
import { HostFailure } from '../base/errors.js';
import type { Log } from '../base/log.js';
import { holdingTag } from '../release/holding.js';
import { writeManifest, type Manifest } from '../release/manifest.js';
import { decideText, pointText } from '../release/store.js';
import { shipTar, type TarEntry } from '../ssh/ship.js';
import { lines, sh } from '../ssh/shell-text.js';
import { ADOPTED_ENV, ADOPTED_SCALE } from './adopted-manifest.js';
import { letImagesGo } from './conclude.js';
import type { OpenHost } from './open-host.js';
import type { DeployRequest } from './request.js';

export interface Adoption {
  readonly manifest: Manifest;
  /** The host's env and what was in somebody's shell, where that made a difference. */
  readonly env: string | undefined;
  /** For people. */
  readonly sentence: string;
}

/** As the mode of a file says that it is a link. */
const LINK_MODE = 0o777;

/** @throws HostFailure: then nothing was changed, and what was begun is removed by the next run */
export async function recordAdoption(
  host: OpenHost,
  request: DeployRequest,
  adoption: Adoption,
  log: Log,
): Promise<void> {
  const { manifest } = adoption;
  const layout = host.layout.release(manifest.id);
  await Promise.all(
    Object.entries(manifest.services).map(async ([service, { image }]) =>
      host.engine.tagImage(image.id, holdingTag(request.project, service, manifest.id)),
    ),
  );
  const result = await shipTar(
    host.shell,
    lines(
      sh`set -u`,
      sh`umask 077`,
      sh`rm -rf ${layout.directory} && mkdir -p ${layout.files} && tar -xpof - -C ${layout.directory} || exit 1`,
      sh`cd ${layout.directory} && echo confirmed >decision.confirmed || exit 1`,
      sh`keep() {
  case $1 in */*) mkdir -p files/"\${1%/*}" || return 1 ;; esac
  cp -pP ${host.layout.path}/"$1" files/"$1"
}`,
      ...manifest.files.map(({ path }) => sh`keep ${path} || exit 1`),
      // What somebody edits just now is not what was proven.
      sh`{ test ! -s sums || (cd files && sha256sum -c ../sums >/dev/null); } && rm -f sums || exit 1`,
      sh`${decideText(layout, 'confirmed')} && ${pointText(host.layout, layout)} || exit 1`,
      sh`printf '%s\n' ${adoptionLine(request, manifest)} >>${host.layout.log}`,
      sh`exit 0`,
    ),
    entriesOf(adoption),
  );
  if (result.status === 0) {
    log.info(adoption.sentence);
    return;
  }
  await letImagesGo(host, request.project, manifest.id);
  const said = result.stderr.split('\n').filter((line) => line !== '');
  throw new HostFailure(host.shell.name, 'the stack that was started by hand could not be captured', said);
}

function entriesOf({ manifest, env }: Adoption): TarEntry[] {
  const entry = (path: string, content: string): TarEntry => ({ path, mode: 0o600, content });
  const replicas = Object.entries(manifest.services).map(([name, one]) => [name, { scale: one.replicas }]);
  const regular = manifest.files.filter(({ mode }) => mode !== LINK_MODE);
  return [
    entry('manifest.json', writeManifest(manifest)),
    entry('sums', regular.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join('')),
    ...(env === undefined ? [] : [entry(ADOPTED_ENV, env)]),
    ...(manifest.composeFiles.some((file) => file.endsWith(`/${manifest.id}/${ADOPTED_SCALE}`))
      ? [entry(ADOPTED_SCALE, `${JSON.stringify({ services: Object.fromEntries(replicas) as object })}\n`)]
      : []),
  ];
}

/** A line of its own in the host's log. */
function adoptionLine(request: DeployRequest, { id }: Manifest): string {
  const { project, actor, runUrl, reason } = request;
  return JSON.stringify({
    time: new Date().toISOString(),
    operation: 'adopt',
    project,
    release: id,
    verdict: 'adopted',
    actor,
    run: runUrl,
    reason,
  });
}
