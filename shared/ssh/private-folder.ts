/**
 * A short folder of our own for one connection: socket, key, known_hosts. Only we can look into it, and it goes when we
 * go, however that is. Short, since a socket's path may have 104 bytes (macOS), of which ssh itself takes 17.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './at-exit.js';

export class PrivateFolder {
  readonly path: string;
  readonly #exitAction = atExit(() => {
    this.#remove();
  });
  #guard: ChildProcess | undefined;

  constructor() {
    this.path = process.platform === 'win32' ? mkdtempSync(join(tmpdir(), 'hp-')) : made('/tmp', tmpdir());
  }

  of(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file that only we can read, and gives its path. */
  write(name: string, content: string, mode = 0o600): string {
    writeFileSync(this.of(name), content, { mode });
    return this.of(name);
  }

  /**
   * From now on a small shell waits for our end: if we are killed without a chance to clean up, it ends the shared
   * connection behind `socket` and removes the folder with the key.
   */
  guard(socket: string): void {
    if (process.platform === 'win32') return;
    const script = 'while read -r x; do :; done; ssh -F /dev/null -S "$2" -O exit homeport; rm -rf -- "$1"';
    const guard = spawn('/bin/sh', ['-c', script, 'homeport-guard', this.path, socket], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    guard.on('error', () => undefined);
    guard.unref();
    this.#guard = guard;
  }

  close(): void {
    this.#exitAction();
    this.#guard?.kill('SIGKILL');
    this.#remove();
  }

  #remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function made(...bases: readonly string[]): string {
  for (const base of bases.slice(0, -1)) {
    try {
      return mkdtempSync(join(base, 'hp-'));
    } catch {
      // Not writable: the next one.
    }
  }
  return mkdtempSync(join(bases.at(-1) ?? '', 'hp-'));
}
