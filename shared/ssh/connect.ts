/** From an address and the settings of a user to a host's shell. */
import { setTimeout as delay } from 'node:timers/promises';
import { formatDuration } from '../base/duration.js';
import { HostFailure, UserError } from '../base/errors.js';
import type { Log } from '../base/log.js';
import { classifyFailure, failureMessage, type ConnectFailure, type FailureContext } from './connect-failure.js';
import { planConnection, type ConnectionPlan } from './connection-plan.js';
import type { HostShell } from './host-shell.js';
import { prepareIdentity, type Identity } from './identity.js';
import { openLocal } from './local.js';
import { CAN_SHARE, startMaster, type MasterAttempt } from './master.js';
import { sshConfig, TARGET } from './options.js';
import { PrivateFolder } from './private-folder.js';
import type { ConnectionSettings, HostAddress } from './settings.js';
import { ShellOfLink } from './shell-of-link.js';
import { sshLink } from './ssh-link.js';
import { runTool } from './tool.js';

export interface ConnectOptions {
  readonly log: Log;
  readonly signal?: AbortSignal;
  /** False: a connection for each session, as on Windows. */
  readonly shared?: boolean;
}

/** sshd counts failed and unfinished logins (MaxStartups, PerSourcePenalties): so far apart are two that it may count. */
const BETWEEN_LOGINS = 5000;
/** A VPN that comes up slowly shows as refused, unreachable or unknown: nobody counts those. */
const BETWEEN_LOOKS = 1000;
/** Of one attempt, as ConnectTimeout is; with some more for the login itself. */
const ATTEMPT = 30_000;

/**
 * Opens a host's shell; tries again within `connectTimeout` where that may help.
 * @throws UserError for a key, host key or option that is wrong; HostFailure when the host cannot be reached in time.
 */
export async function connect(
  address: HostAddress,
  settings: ConnectionSettings,
  options: ConnectOptions,
): Promise<HostShell> {
  if (address.kind === 'local') return openLocal();
  const folder = new PrivateFolder();
  let identity: Identity | undefined;
  const close = (): void => {
    identity?.close();
    folder.close();
  };
  try {
    const plan = planConnection(address, settings, folder, options.signal);
    identity = await prepareIdentity(settings, folder);
    const attempt = await new Connector(plan, identity, folder, options).connected();
    if (attempt !== undefined) folder.guard(attempt.socket);
    return new ShellOfLink(sshLink({ name: plan.name, config: folder.of('config'), master: attempt, onClose: close }));
  } catch (error) {
    close();
    throw error;
  }
}

class Connector {
  readonly #plan: ConnectionPlan;
  readonly #identity: Identity;
  readonly #folder: PrivateFolder;
  readonly #options: ConnectOptions;
  readonly #context: FailureContext;
  readonly #deadline: number;

  constructor(plan: ConnectionPlan, identity: Identity, folder: PrivateFolder, options: ConnectOptions) {
    this.#plan = plan;
    this.#identity = identity;
    this.#folder = folder;
    this.#options = options;
    this.#deadline = Date.now() + plan.connectTimeout;
    this.#context = {
      address: plan.name,
      identity,
      certificate: plan.hasCertificate,
      behindProxy: plan.jumps.length > 0 || plan.extra.usesProxy,
    };
  }

  /** The shared connection; undefined where each session is to be one of its own (and one has been seen to work). */
  async connected(): Promise<Extract<MasterAttempt, { master: unknown }>['master'] | undefined> {
    const { hostKeys, acceptAny, name } = this.#plan;
    this.#writeConfig();
    this.#writeKnownHosts();
    if (acceptAny)
      this.#options.log.warning(`${name}: known-hosts is insecure-accept-any: whoever answers is taken for the host`);
    await hostKeys.refuseNothing();
    for (let tries = 1; ; tries += 1) {
      await hostKeys.lookUp(() => {
        this.#writeKnownHosts();
      });
      const attempt = await this.#attempt();
      if (!('log' in attempt)) {
        this.#options.log.debug(`${name}: connected with ${this.#identity.description}`);
        return attempt.master;
      }
      this.#refuseCancelled();
      await this.#afterFailure(attempt.log, tries);
    }
  }

  async #attempt(): Promise<MasterAttempt | { readonly master: undefined }> {
    const timeout = Math.max(1000, Math.min(ATTEMPT, this.#deadline - Date.now()));
    const config = this.#folder.of('config');
    const signal = this.#options.signal;
    if (this.#options.shared ?? CAN_SHARE) return startMaster({ folder: this.#folder, config, timeout, signal });
    const tried = await runTool('ssh', ['-F', config, '-T', TARGET, 'exit'], { timeout, ...(signal && { signal }) });
    return tried.status === 0 ? { master: undefined } : { log: tried.stderr };
  }

  /** Returns when it is time for another try. @throws the failure when there is no other. */
  async #afterFailure(log: string, tries: number): Promise<void> {
    const failure = classifyFailure(log === '' ? 'ssh: Connection timed out' : log, this.#context.behindProxy);
    const incomplete = failure.kind === 'host-key' && this.#plan.hostKeys.isIncomplete;
    if (failure.kind === 'host-key' && !incomplete) throw await this.#plan.hostKeys.refusal(log);
    if (failure.retry === 'never' && !incomplete) throw new UserError(failureMessage(failure, this.#context));
    const pause = failure.retry === 'soon' ? BETWEEN_LOOKS : BETWEEN_LOGINS;
    if (Date.now() + pause >= this.#deadline) throw this.#timeOver(failure, tries);
    if (tries === 1) {
      const left = formatDuration(this.#deadline - Date.now());
      this.#options.log.info(`${sentence(failureMessage(failure, this.#context))} Trying again, for ${left} at most.`);
    }
    await delay(pause, undefined, this.#options.signal && { signal: this.#options.signal }).catch(() => undefined);
    this.#refuseCancelled();
  }

  #timeOver(failure: ConnectFailure, tries: number): HostFailure {
    const { name, connectTimeout } = this.#plan;
    const effort = `${tries} ${tries === 1 ? 'try' : 'tries'} in ${formatDuration(connectTimeout)} (connect-timeout)`;
    return new HostFailure(name, `${sentence(failureMessage(failure, this.#context))} Given up after ${effort}.`, [
      failure.said,
    ]);
  }

  #refuseCancelled(): void {
    if (this.#options.signal?.aborted === true)
      throw new HostFailure(this.#plan.name, `${this.#plan.name}: connecting was cancelled`);
  }

  #writeConfig(): void {
    this.#folder.write(
      'config',
      sshConfig({
        target: this.#plan.target,
        jumps: this.#plan.jumps,
        extra: this.#plan.extra,
        identity: this.#identity.options,
        identityIsOurs: this.#plan.hasKey,
        knownHostsFile: this.#folder.of('known_hosts'),
        acceptAny: this.#plan.acceptAny,
      }),
    );
  }

  #writeKnownHosts(): void {
    this.#folder.write('known_hosts', this.#plan.hostKeys.file);
  }
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
