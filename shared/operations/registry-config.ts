/**
 * A build reads registry credentials from a client's config, and the user's own must not be changed: a private DOCKER_CONFIG,
 * 0600, with the operator's plugins and context in it, gone when the build is over.
 */
import { HostFailure } from '../base/errors.js';
import type { ReleaseLayout } from '../host/layout.js';
import type { RegistryLogin } from '../host/registry-login.js';
import { lines, sh } from '../ssh/shell-text.js';
import type { OpenHost } from './open-host.js';

/** Runs `work` with the folder of a client's config in which these logins are; undefined where there are none to know. */
export async function withRegistryLogins(
  host: OpenHost,
  release: ReleaseLayout,
  logins: readonly RegistryLogin[],
  work: (config: string | undefined) => Promise<void>,
): Promise<void> {
  if (logins.length === 0) {
    await work(undefined);
    return;
  }
  // In the release's own folder: what a killed run leaves goes with it.
  const directory = `${release.directory}/registry-login`;
  const own = `${host.facts.home}/.docker`;
  const auths = Object.fromEntries(
    logins.map(({ registry, username, password }) => [
      registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry,
      { auth: Buffer.from(`${username}:${password}`).toString('base64') },
    ]),
  );
  const prepared = await host.shell.run(
    lines(
      sh`set -u`,
      sh`umask 077`,
      sh`rm -rf ${directory} && mkdir -p ${directory} && cat >${`${directory}/config.json`} || exit 1`,
      sh`for part in cli-plugins contexts; do test -e ${own}/"$part" && ln -s ${own}/"$part" ${directory}/"$part"; done; :`,
    ),
    { stdin: JSON.stringify({ auths }) },
  );
  if (prepared.status !== 0)
    throw new HostFailure(host.shell.name, 'the registry logins could not be prepared', [prepared.stderr]);
  try {
    await work(directory);
  } finally {
    await host.shell.run(sh`rm -rf ${directory}`);
  }
}
