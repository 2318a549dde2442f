/** The names of everything that Homeport has on a host, in one place: nobody else spells a path below `.homeport`. */

export interface Layout {
  /** The Compose project directory: absolute, stable. */
  readonly path: string;
  /** `.homeport`, 0700. */
  readonly home: string;
  readonly releases: string;
  /** Symbolic link to the release that serves. */
  readonly current: string;
  readonly backups: string;
  readonly log: string;
  /** Folder of the lock's plain files. */
  readonly lock: string;
  /** Every transition of the lock happens under an flock on this file; it is never removed. */
  readonly lockGuard: string;
  /** What the holder's steps compare their own token with; absent when nobody holds the lock. */
  readonly lockToken: string;
  /** A durable job holds an flock on this file for as long as it lives. */
  readonly jobLock: string;
  release(id: string): ReleaseLayout;
}

export interface ReleaseLayout {
  readonly id: string;
  readonly directory: string;
  readonly manifest: string;
  /** The files of the release as they will lie in the project's folder. */
  readonly files: string;
  /** Build contexts. */
  readonly build: string;
  /** For what tools write while they build. */
  readonly temporary: string;
  /** What the switch replaced, byte for byte. */
  readonly before: string;
  /** What someone had changed on the host and the switch has overwritten; it stays as long as the release. */
  readonly drifted: string;
  readonly hooks: string;
  readonly switch: string;
  readonly after: string;
  readonly revert: string;
  readonly journal: string;
  /** What the jobs' commands printed. */
  readonly output: string;
  /** Hard link to `decision.<word>`: the first one wins. */
  readonly decision: string;
}

/** @param path the project's folder on the host, absolute */
export function layoutOf(path: string): Layout {
  const home = `${path === '/' ? '' : path}/.homeport`;
  const releases = `${home}/releases`;
  const lock = `${home}/lock`;
  return {
    path,
    home,
    releases,
    current: `${home}/current`,
    backups: `${home}/backups`,
    log: `${home}/log.jsonl`,
    lock,
    lockGuard: `${lock}/guard`,
    lockToken: `${lock}/token`,
    jobLock: `${lock}/job`,
    release: (id) => releaseLayout(`${releases}/${id}`, id),
  };
}

function releaseLayout(directory: string, id: string): ReleaseLayout {
  const at = (name: string): string => `${directory}/${name}`;
  return {
    id,
    directory,
    manifest: at('manifest.json'),
    files: at('files'),
    build: at('build'),
    temporary: at('tmp'),
    before: at('before'),
    drifted: at('drifted'),
    hooks: at('hooks'),
    switch: at('switch'),
    after: at('after'),
    revert: at('revert'),
    journal: at('journal'),
    output: at('output'),
    decision: at('decision'),
  };
}
