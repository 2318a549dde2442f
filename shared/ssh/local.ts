/** `host: local`: the machine itself, for a self-hosted runner. The same sessions, without SSH. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { ShellOfLink, type Link } from './shell-of-link.js';
import type { HostShell } from './host-shell.js';

/** The environment is passed as it is; the folder is the home, as with SSH. `shell` is for the tests of other shells. */
export function openLocal(shell: readonly [string, ...string[]] = ['/bin/sh']): HostShell {
  const [command, ...args] = shell;
  const home = homedir();
  const link: Link = {
    name: 'local',
    atOnce: 8,
    // Detached: in a session and process group of its own, as sshd does it.
    start: () =>
      spawn(command, args, { detached: true, cwd: existsSync(home) ? home : '/', stdio: 'pipe', env: process.env }),
    isRefusal: () => false,
    explain: async (began) =>
      Promise.resolve(began ? 'the shell that ran a command was killed' : `${command} could not be started`),
    close: async () => Promise.resolve(),
  };
  return new ShellOfLink(link);
}
