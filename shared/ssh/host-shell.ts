import type { Duplex, Readable } from 'node:stream';
import type { ShellText } from './shell-text.js';

/** What one command on a host came to. `status` is the remote one, 0 to 255, given in band: never confused with a lost connection. */
export interface RunResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What the script reads as its standard input: the only way for secrets to a host. */
  readonly stdin?: string | Buffer | Readable;
  /** Complete lines, as they come, without their newline. */
  readonly onStdout?: (line: string) => void;
  readonly onStderr?: (line: string) => void;
  /** Milliseconds; the script's process group on the host is ended when they are over. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** A host that runs POSIX sh scripts: over one shared SSH connection, or this machine itself. */
export interface HostShell {
  /** As messages name it: `deploy@203.0.113.7`, `local`. */
  readonly name: string;
  /** How many command sessions it has opened so far. */
  readonly sessions: number;
  /**
   * Runs a script with the host's `sh`. Resolves with any exit status.
   * @throws HostFailure when the connection is lost, the time is over, or the signal aborts.
   */
  run(script: ShellText, options?: RunOptions): Promise<RunResult>;
  /** A process's standard input and output as one stream, for `docker system dial-stdio`. Its stderr goes into the stream's error. */
  duplex(script: ShellText): Promise<Duplex>;
  close(): Promise<void>;
}
