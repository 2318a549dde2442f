import type { Log } from '../base/log.js';
import type { HostShell } from './host-shell.js';
import { openLocal } from './local.js';
import type { ConnectionSettings, HostAddress } from './settings.js';

export interface ConnectOptions {
  readonly log: Log;
  readonly signal?: AbortSignal;
}

/**
 * Opens a host's shell.
 * @throws UserError for keys, host keys and options that are wrong; HostFailure when the host cannot be reached in time.
 */
export async function connect(
  address: HostAddress,
  settings: ConnectionSettings,
  _options: ConnectOptions,
): Promise<HostShell> {
  if (address.kind === 'local') return openLocal();
  return Promise.reject(new Error(`SSH is being built ${settings.connectTimeout}`));
}
