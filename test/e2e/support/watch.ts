// Looks out for words that must not be seen, all the time that something else happens: in the arguments of every process, and
// in every file that others than its owner can read. On a host, and on this machine as the runner.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../hosts/rig.js';
import type { TestHost } from '../../hosts/host.js';

export interface Watch {
  /** Ends the watch after a last look; answers each sighting: where, and a part of what was seen. */
  stop(): Promise<string[]>;
}

// What python3-minimal can do. Folders that others cannot enter hide what is in them; a file is read once for each state of it.
const LOOKOUT = `
import os, sys, time
words = [bytes.fromhex(line) for line in sys.stdin.read().split()]
seen, known = set(), set()
def check(where, data):
    for word in words:
        if word in data:
            at = data.index(word)
            seen.add(where + ' ' + repr(data[max(0, at - 60):at + 80]))
def content(path):
    with open(path, 'rb') as file: return file.read()
def walk(folder):
    for entry in os.scandir(folder):
        try:
            state = entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                if state.st_mode & 0o011: walk(entry.path)
            elif entry.is_file(follow_symlinks=False) and state.st_mode & 0o044:
                key = (entry.path, state.st_ino, state.st_mtime_ns, state.st_size, state.st_mode)
                if key in known: continue
                check('file ' + entry.path, content(entry.path))
                known.add(key)
        except OSError: pass
def look():
    for pid in os.listdir('/proc'):
        if not pid.isdigit(): continue
        try: check('argv', content('/proc/' + pid + '/cmdline'))
        except OSError: pass
    for folder in ('/srv', '/home', '/tmp', '/var/tmp', '/dev/shm'): walk(folder)
open('/run/lookout', 'w').close()
while os.path.exists('/run/lookout'):
    look()
    time.sleep(0.02)
look()
print('\\n'.join(sorted(seen)))
`;

export async function watchHost(host: TestHost, words: readonly string[]): Promise<Watch> {
  const input = words.map((word) => `${Buffer.from(word).toString('hex')}\n`).join('');
  const script = `exec python3 -c "$(cat <<'END'\n${LOOKOUT}\nEND\n)"`;
  const lookout = host.sh(script, { user: 'root', input, timeoutMs: 600_000 });
  // It is heard of when it is awaited.
  lookout.catch(() => undefined);
  await until('the lookout', async () => (await host.exec('test -e /run/lookout')).status === 0);
  return {
    stop: async () => {
      await host.sh('rm /run/lookout', { user: 'root' });
      return (await lookout).split('\n').filter((line) => line !== '');
    },
  };
}

/**
 * @param folders whose files are looked at, as if everyone could enter the folders themselves
 * @param alsoIn folders of which only what a run of ours leaves is looked at
 */
export function watchRunner(words: readonly string[], folders: readonly string[], alsoIn: readonly string[]): Watch {
  const wanted = words.map((word) => Buffer.from(word));
  const seen = new Set<string>();
  const known = new Set<string>();
  const check = (where: string, data: Buffer): void => {
    for (const word of wanted) {
      const at = data.indexOf(word);
      if (at >= 0) seen.add(`${where} ${data.subarray(Math.max(0, at - 60), at + 80).toString()}`);
    }
  };
  const file = (path: string): void => {
    attempt(() => {
      const { isFile, isFolder, mode, key } = stateOf(path);
      if (isFolder) {
        if ((mode & 0o011) !== 0) for (const name of readdirSync(path)) file(join(path, name));
      } else if (isFile && (mode & 0o044) !== 0 && !known.has(key)) {
        check(`file ${path}`, readFileSync(path));
        known.add(key);
      }
    });
  };
  const look = (): void => {
    for (const pid of readdirSync('/proc')) {
      if (/^\d+$/.test(pid))
        attempt(() => {
          check('argv', readFileSync(`/proc/${pid}/cmdline`));
        });
    }
    for (const folder of folders) for (const name of readdirSync(folder)) file(join(folder, name));
    for (const folder of alsoIn) {
      for (const name of readdirSync(folder))
        if (/^(hp-|homeport-(?!test|checkout))/.test(name)) file(join(folder, name));
    }
  };
  const timer = setInterval(look, 20);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return Promise.resolve([...seen]);
    },
  };
}

function stateOf(path: string): { isFile: boolean; isFolder: boolean; mode: number; key: string } {
  const state = statSync(path);
  const key = [path, state.ino, state.mtimeMs, state.size, state.mode].join(' ');
  return { isFile: state.isFile(), isFolder: state.isDirectory(), mode: state.mode, key };
}

/** Processes and files come and go. */
function attempt(look: () => void): void {
  try {
    look();
  } catch {
    // gone meanwhile
  }
}
