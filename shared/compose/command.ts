/**
 * The command lines of Compose: data in, argv out. They begin after `docker compose` (or the plugin itself), which the
 * facts about a host name; running them is elsewhere.
 */

/** One Compose project as every call must name it, so that no default of a folder or a shell gets in. */
export interface ComposeCall {
  readonly project: string;
  /** Absolute, on the host. */
  readonly directory: string;
  /** Absolute, or `-` for standard input. */
  readonly files: readonly string[];
  /** Absolute; undefined leaves Compose to the `.env` of the directory. */
  readonly envFile?: string | undefined;
  readonly profiles?: readonly string[];
}

export interface UpOptions {
  /** Compose's own, such as `2.26.1`. */
  readonly composeVersion: string;
  /** Also when Compose sees no difference. */
  readonly forceRecreate?: boolean;
  /** Created and not started. */
  readonly createOnly?: boolean;
}

/** The whole project, resolved. It prints secrets: never log it. */
export function configCommand(call: ComposeCall): string[] {
  return [...projectArguments(call), 'config', '--format', 'json'];
}

/**
 * One line `<service> <hash>` for every service of a project that is resolved already. Such a one may still name an optional
 * dependency whose profile is not active and which is not in it any more: Compose calls that inconsistent.
 */
export function hashCommand(call: ComposeCall): string[] {
  return [...projectArguments(call), 'config', '--no-normalize', '--no-consistency', '--hash', '*'];
}

/** The hashes that `hashCommand` printed. */
export function parseHashes(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/^(\S+) ([0-9a-f]{64})\s*$/gm)].map(([, service = '', hash = '']) => [service, hash]),
  );
}

/**
 * Brings exactly these services to what the files say, in one to two calls, with images that are there and nothing else
 * touched. Before 2.29.3 `--no-deps` left `depends_on` out of the hash label (docker/compose#12069) and an operator's own
 * `up -d` would then recreate the container: there one call creates with the dependencies in sight, which must be as the
 * files say already, and another one starts.
 */
export function upCommands(call: ComposeCall, services: readonly string[], options: UpOptions): string[][] {
  const start = [...projectArguments(call), 'up'];
  const fixed = ['--no-build', '--pull', 'never'];
  const force = options.forceRecreate === true ? ['--force-recreate'] : [];
  if (forgetsDependencies(options.composeVersion)) {
    const create = [...start, '--no-start', ...fixed, ...force, ...services];
    if (options.createOnly === true) return [create];
    return [create, [...start, '-d', '--no-deps', '--no-recreate', ...fixed, ...services]];
  }
  const how = options.createOnly === true ? '--no-start' : '-d';
  return [[...start, how, '--no-deps', ...fixed, ...force, ...services]];
}

/** `-1`, `0` or `1`, by the numbers of two versions such as `v2.26.1-4` and `2.29.3`. */
export function compareVersions(one: string, other: string): number {
  const numbers = (version: string): number[] => (/\d+(?:\.\d+)*/.exec(version)?.[0] ?? '0').split('.').map(Number);
  const [left, right] = [numbers(one), numbers(other)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

function forgetsDependencies(composeVersion: string): boolean {
  return compareVersions(composeVersion, '2.29.3') < 0;
}

export function projectArguments({ project, directory, files, envFile, profiles = [] }: ComposeCall): string[] {
  return [
    ...['-p', project, '--project-directory', directory],
    ...files.flatMap((file) => ['-f', file]),
    ...(envFile === undefined ? [] : ['--env-file', envFile]),
    ...profiles.flatMap((profile) => ['--profile', profile]),
  ];
}
