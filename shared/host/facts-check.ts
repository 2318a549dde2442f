/** What a host lacks, each with what to do about it: all at once, before anything is done. */
import { UserError, type Problem } from '../base/errors.js';
import type { HostFacts } from './facts.js';

const OLDEST_DOCKER = [20, 10] as const;
const OLDEST_COMPOSE = [2, 20] as const;

/** @throws UserError with everything that is missing, too old, or not allowed */
export function checkFacts(facts: HostFacts, host: string): void {
  const problems = factProblems(facts, host);
  if (problems.length > 0) throw new UserError(problems);
}

export function factProblems(facts: HostFacts, host: string): Problem[] {
  return [
    ...engineProblems(facts, host),
    ...composeProblems(facts, host),
    ...pathProblems(facts, host),
    ...toolProblems(facts, host),
  ].map((message) => ({ message }));
}

function engineProblems(facts: HostFacts, host: string): string[] {
  if (facts.dockerCommand.length === 0) {
    return [
      `${host} has no Docker (no \`docker\` in PATH ${facts.hostEnvironment['PATH'] ?? ''}): install Docker Engine 20.10 or newer and its Compose plugin there`,
    ];
  }
  if (facts.engineError !== undefined) return [engineMessage(facts, facts.engineError, host)];
  if (isOlder(facts.dockerVersion, OLDEST_DOCKER)) {
    return [`${host} has Docker ${facts.dockerVersion}: 20.10 or newer is needed`];
  }
  return facts.os === 'linux'
    ? []
    : [`the Docker Engine on ${host} runs ${facts.os} containers: Linux containers are needed`];
}

function engineMessage({ user, sudo, dockerCommand }: HostFacts, said: string, host: string): string {
  if (sudo && /sudo/.test(said)) {
    const docker = dockerCommand.at(-1) ?? 'docker';
    return `${user} may not run \`sudo -n docker\` on ${host}: allow it there with the line \`${user} ALL=(root) NOPASSWD: ${docker}\` in a file of /etc/sudoers.d. It said: ${said}`;
  }
  if (/permission denied/i.test(said)) {
    return `${user} may not use the Docker socket on ${host}: add it to the group there (\`sudo usermod -aG docker ${user}\`, then log in anew), or set \`sudo: true\`. It said: ${said}`;
  }
  if (/cannot connect|is the docker daemon running|raw stream/i.test(said)) {
    return `the Docker Engine on ${host} does not answer: start it (\`sudo systemctl start docker\`). It said: ${said}`;
  }
  return `Docker on ${host} cannot be used: ${said}`;
}

function composeProblems(facts: HostFacts, host: string): string[] {
  // Without Docker there is no Compose either, and through a refused sudo nobody knows.
  if (facts.dockerCommand.length === 0 || (facts.sudo && facts.engineError !== undefined)) return [];
  if (facts.composeCommand.length === 0) {
    return [
      `${host} has no Compose v2 (\`docker compose version\` fails): install the package docker-compose-plugin (or docker-compose-v2) there`,
    ];
  }
  if (isOlder(facts.composeVersion, OLDEST_COMPOSE)) {
    return [`${host} has Compose ${facts.composeVersion}: 2.20 or newer is needed`];
  }
  return [];
}

function pathProblems(facts: HostFacts, host: string): string[] {
  const { path, user, nearestFolder } = facts;
  const make = `\`sudo install -d -o ${user} ${path}\``;
  if (!facts.nearestIsFolder) return [`path ${path} on ${host}: ${nearestFolder} is a file`];
  if (!facts.writable) {
    const what = facts.pathExists
      ? `${path} is not writable for ${user}`
      : `${path} cannot be made by ${user} (in ${nearestFolder})`;
    return [`${what} on ${host}: make it there with ${make}, or set another \`path\``];
  }
  if (!facts.ownFolderWritable) {
    return [
      `${path}/.homeport on ${host} belongs to another user: deploy as that one, or \`sudo chown -R ${user} ${path}/.homeport\``,
    ];
  }
  if (!facts.modesHold) {
    return [
      `files in ${nearestFolder} on ${host} cannot be closed to others (mode 0600 does not hold there), and secrets are written to them: set a \`path\` on a filesystem of the host's own`,
    ];
  }
  return [];
}

function toolProblems({ missingTools }: HostFacts, host: string): string[] {
  if (missingTools.length === 0) return [];
  return [
    `${host} has no ${missingTools.join(', ')}: install the packages util-linux, tar, coreutils and findutils there`,
  ];
}

/** Only the first two numbers count: `20.10.24+dfsg1`, `2.40.3-desktop.1`. What has no number is taken for new. */
function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const match = /^v?(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [itsMajor, itsMinor] = [Number(match[1]), Number(match[2])];
  return itsMajor < major || (itsMajor === major && itsMinor < minor);
}
