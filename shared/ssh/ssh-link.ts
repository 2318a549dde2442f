/** Sessions over SSH: on the shared connection, or each on its own where there can be none. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Master } from './master.js';
import { TARGET } from './options.js';
import type { Link } from './shell-of-link.js';

/** sshd's default is 10 for a connection; the streams of `duplex` need some too. */
const AT_ONCE = 4;

export interface SshLinkParts {
  readonly name: string;
  /** Our ssh_config. */
  readonly config: string;
  /** None: each session is a connection. */
  readonly master: Master | undefined;
  /** Whatever else has to end with the connection. */
  readonly onClose: () => void;
}

export function sshLink({ name, config, master, onClose }: SshLinkParts): Link {
  return {
    name,
    atOnce: AT_ONCE,
    start({ grouped, apart }): ChildProcessWithoutNullStreams {
      const way = master === undefined || apart ? ['-F', config, TARGET] : onMaster(master);
      // `exec`, so that our shell is the process that sshd made the leader of a group; fixed, so that nothing of us is in an argv.
      const command = grouped ? 'exec setsid /bin/sh' : 'exec /bin/sh';
      return spawn('ssh', ['-T', ...way, command], { stdio: 'pipe', detached: true });
    },
    isRefusal: (stderr) => /Session open refused by peer/.test(stderr),
    async explain(began) {
      if (master === undefined) return 'the SSH connection of a command was lost';
      if (await master.isLost()) return 'the SSH connection was lost';
      return began
        ? 'the shell that ran a command there was killed'
        : 'the login shell there did not start /bin/sh: is the user allowed to run commands?';
    },
    async close() {
      await master?.end();
      onClose();
    },
  };
}

/** Without a configuration to read, and unable to connect by itself: else ssh would, silently, where a session is refused. */
function onMaster(master: Master): string[] {
  const options = ['-o', 'ControlMaster=no', '-o', 'ProxyCommand=exit 1', '-o', 'LogLevel=ERROR'];
  return ['-F', '/dev/null', '-S', master.socket, ...options, 'homeport'];
}
