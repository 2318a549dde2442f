/**
 * A build reads registry credentials from a client's config, and the user's own must not be changed: a private DOCKER_CONFIG,
 * 0600, all that the user's own says in it (other logins, proxies, the context) and its plugins, gone when the build is over.
 */
import { HostFailure } from '../base/errors.js';
import type { ReleaseLayout } from '../host/layout.js';
import type { RegistryLogin } from '../host/registry-login.js';
import { lines, sh } from '../ssh/shell-text.js';
import type { OpenHost } from './open-host.js';

/** Runs `work` with the folder of a client's config in which these logins are; undefined where there are none to know. */
export async function withRegistryLogins<T>(
  host: OpenHost,
  release: ReleaseLayout,
  logins: readonly RegistryLogin[],
  work: (config: string | undefined) => Promise<T>,
): Promise<T> {
  if (logins.length === 0) return work(undefined);
  // In the release's own folder: what a killed run leaves goes with it.
  const directory = `${release.directory}/registry-login`;
  const own = host.facts.hostEnvironment['DOCKER_CONFIG'] ?? `${host.facts.home}/.docker`;
  const prepared = await host.shell.run(
    lines(
      sh`set -u`,
      sh`umask 077`,
      sh`rm -rf ${directory} && mkdir -p ${directory} && cat >${`${directory}/config.json`} || exit 1`,
      sh`for part in cli-plugins contexts; do test -e ${own}/"$part" && ln -s ${own}/"$part" ${directory}/"$part"; done; :`,
    ),
    // Through sudo the client is another user's, and so is the context that it is called in.
    { stdin: host.facts.dockerConfig.withLogins(logins, { context: !host.facts.sudo }) },
  );
  if (prepared.status !== 0)
    throw new HostFailure(host.shell.name, 'the registry logins could not be prepared', [prepared.stderr]);
  try {
    return await work(directory);
  } finally {
    await host.shell.run(sh`rm -rf ${directory}`);
  }
}
