/** Who we are to the host: a key file, a key in an agent of our own, the user's agent, or nobody (Tailscale SSH). */
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../base/errors.js';
import { normaliseCertificate, normaliseKey } from './key.js';
import { fingerprintOf } from './known-hosts.js';
import { quoted } from './options.js';
import type { PrivateFolder } from './private-folder.js';
import type { ConnectionSettings } from './settings.js';
import { runTool } from './tool.js';

export interface Identity {
  /** Lines of ssh_config. */
  readonly options: readonly string[];
  readonly kind: 'key' | 'agent' | 'none';
  /** For messages: `key SHA256:… (ssh-ed25519)`. */
  readonly description: string;
  close(): void;
}

/** @throws UserError for a key, passphrase or certificate that cannot be used. */
export async function prepareIdentity(settings: ConnectionSettings, folder: PrivateFolder): Promise<Identity> {
  if (settings.privateKey === undefined) return withoutKey(settings);
  const file = folder.write('key', normaliseKey(settings.privateKey));
  const certificate =
    settings.certificate === undefined
      ? []
      : [`CertificateFile ${quoted(folder.write('key-cert.pub', normaliseCertificate(settings.certificate)))}`];
  const plain = await runTool('ssh-keygen', ['-y', '-P', '', '-f', file]);
  if (plain.status === 0) {
    return {
      options: [`IdentityFile ${quoted(file)}`, 'IdentitiesOnly yes', 'IdentityAgent none', ...certificate],
      kind: 'key',
      description: describe(plain.stdout),
      close: () => undefined,
    };
  }
  if (!/passphrase/i.test(plain.stderr)) throw damaged(plain.stderr, file);
  if (settings.passphrase === undefined || settings.passphrase === '') {
    throw new UserError('ssh-private-key is encrypted: give its passphrase in ssh-passphrase, or a key without one');
  }
  return inOwnAgent(file, settings.passphrase, certificate, folder);
}

function withoutKey(settings: ConnectionSettings): Identity {
  if (settings.certificate !== undefined) {
    throw new UserError('ssh-certificate needs the key that it was made for: give ssh-private-key too');
  }
  const socket = process.env['SSH_AUTH_SOCK'];
  const agent = socket !== undefined && socket !== '' && existsSync(socket);
  return {
    options: [`IdentityAgent ${agent ? quoted(socket) : 'none'}`, 'IdentityFile none'],
    kind: agent ? 'agent' : 'none',
    description: agent ? `the agent at SSH_AUTH_SOCK (${socket})` : 'no key and no agent',
    close: () => undefined,
  };
}

/** The passphrase reaches ssh-keygen and ssh-add by an askpass program, which reads it from a file: never an argv. */
async function inOwnAgent(
  file: string,
  passphrase: string,
  certificate: readonly string[],
  folder: PrivateFolder,
): Promise<Identity> {
  folder.write('passphrase', `${passphrase}\n`);
  const askpass = folder.write('askpass', `#!/bin/sh\nexec cat '${folder.of('passphrase')}'\n`, 0o700);
  // Before OpenSSH 8.4 only DISPLAY, and the want of a terminal, made it ask the program.
  const env = {
    ...process.env,
    SSH_ASKPASS: askpass,
    SSH_ASKPASS_REQUIRE: 'force',
    DISPLAY: process.env['DISPLAY'] ?? ':',
  };
  // ssh-add would ask for ever; ssh-keygen asks once.
  const checked = await runTool('ssh-keygen', ['-y', '-f', file], { env, timeout: 30_000 });
  if (checked.status !== 0) {
    throw new UserError('ssh-passphrase is not the passphrase of ssh-private-key');
  }
  const publicKey = folder.write('key.pub', checked.stdout);
  const socket = folder.of('agent');
  const close = startAgent(socket);
  try {
    await until(() => existsSync(socket), 5000);
    const added = await runTool('ssh-add', [file], { env: { ...env, SSH_AUTH_SOCK: socket }, timeout: 30_000 });
    if (added.status !== 0) throw new UserError(`ssh-private-key could not be loaded: ${added.stderr.trim()}`);
  } catch (error) {
    close();
    throw error;
  } finally {
    rmSync(folder.of('passphrase'), { force: true });
  }
  return {
    options: [
      `IdentityFile ${quoted(publicKey)}`,
      'IdentitiesOnly yes',
      `IdentityAgent ${quoted(socket)}`,
      ...certificate,
    ],
    kind: 'key',
    description: describe(checked.stdout),
    close,
  };
}

/** An agent that ends with us, however we end: its command waits for our end of a pipe. */
function startAgent(socket: string): () => void {
  const waiting = 'while read -r x; do :; done; kill "$SSH_AGENT_PID"';
  const agent = spawn('ssh-agent', ['-a', socket, '/bin/sh', '-c', waiting], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  agent.on('error', () => undefined);
  agent.unref();
  return () => {
    agent.stdin.destroy();
  };
}

async function until(holds: () => boolean, limit: number): Promise<void> {
  const start = Date.now();
  while (!holds()) {
    await delay(5);
    if (Date.now() - start > limit)
      throw new UserError('ssh-agent could not be started on the runner: a key with a passphrase needs it');
  }
}

function damaged(stderr: string, file: string): UserError {
  const said = stderr.replaceAll(file, 'key').trim().split('\n').at(-1) ?? '';
  return new UserError(
    `ssh-private-key is damaged or of a kind that this OpenSSH cannot read (ssh-keygen says: ${said}): paste the whole file again, with its first and last line`,
  );
}

function describe(publicKey: string): string {
  return `key ${fingerprintOf(publicKey)} (${publicKey.split(' ')[0] ?? ''})`;
}
