/** Runs one of OpenSSH's tools on this machine. */
import { spawn } from 'node:child_process';
import { UserError } from '../base/errors.js';

export interface ToolResult {
  /** -1 when it was ended by a signal or by the time. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** @throws UserError when the tool is not installed. */
export async function runTool(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly timeout?: number; readonly signal?: AbortSignal } = {},
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    // Without a terminal, so that nothing can ever ask for a passphrase there.
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: options.env ?? process.env,
    });
    const out = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (out.stderr += text));
    const end = (): void => void child.kill('SIGKILL');
    const timer = options.timeout === undefined ? undefined : setTimeout(end, options.timeout);
    options.signal?.addEventListener('abort', end, { once: true });
    if (options.signal?.aborted === true) end();
    const settle = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', end);
    };
    child.once('error', () => {
      settle();
      reject(new UserError(`${command} could not be started on the runner: is OpenSSH's client installed?`));
    });
    child.once('close', (code) => {
      settle();
      resolve({ status: code ?? -1, ...out });
    });
  });
}
