/** A host as an operation works with it: one connection, its facts, its engine, the places on it. */
import type { Log } from '../base/log.js';
import { openEngine, type Engine } from '../host/engine.js';
import { checkFacts, gatherFacts, type HostFacts } from '../host/facts.js';
import { layoutOf, type Layout } from '../host/layout.js';
import { connect } from '../ssh/connect.js';
import type { HostShell } from '../ssh/host-shell.js';
import type { HostAddress } from '../ssh/settings.js';
import { sh, type ShellText } from '../ssh/shell-text.js';
import type { DeployRequest } from './request.js';

export interface OpenHost {
  readonly shell: HostShell;
  readonly facts: HostFacts;
  readonly engine: Engine;
  readonly layout: Layout;
  /** `NAME=value` words of what docker and Compose need; the variables of someone's shell must not beat a release's. */
  readonly environment: ShellText;
  /** `env -i` with that environment and some more. */
  withEnvironment(more: readonly string[]): ShellText;
  /** Docker's client, up to its own arguments. */
  readonly docker: ShellText;
  /**
   * One Compose call, its arguments as compose/command.ts builds them, in a folder as an operator would call it: the
   * project's path unless another is named.
   */
  compose(args: readonly string[], folder?: string): ShellText;
  close(): Promise<void>;
}

/** @throws UserError or HostFailure; nothing is left open then */
export async function openHost(
  address: HostAddress,
  request: DeployRequest,
  context: { log: Log; signal: AbortSignal },
): Promise<OpenHost> {
  const shell = await connect(address, request.connection, context);
  // Beside the facts: each is a session that takes its time.
  const engine = openEngine(shell, request);
  engine.catch(() => undefined);
  try {
    const question = { path: request.path, sudo: request.sudo, project: request.project };
    const facts = await gatherFacts(
      shell,
      question,
      engine.then(async (opened) => opened.info()),
    );
    checkFacts(facts, shell.name);
    return assemble(shell, facts, await engine);
  } catch (error) {
    await shell.close();
    throw error;
  }
}

/**
 * Older Composes take `${PWD}` from the environment, newer ones from where they are called: both are the same folder. It comes
 * as a word, since a shell corrects a PWD that is not where it was started.
 */
const IN_FOLDER = 'cd -- "$1" && shift && exec "$@"';

/** What left the stack stays until the confirm, and the file of a hook has one service: neither is worth a warning. */
const QUIET = ['COMPOSE_IGNORE_ORPHANS=true'];

/** From what is known of the host; nothing is asked of it. */
export function assemble(shell: HostShell, facts: HostFacts, engine: Engine): OpenHost {
  const pairs = Object.entries(facts.hostEnvironment).map(([name, value]) => `${name}=${value}`);
  const withEnvironment = (more: readonly string[]): ShellText => sh`env -i ${[...pairs, ...more]}`;
  return {
    shell,
    facts,
    engine,
    layout: layoutOf(facts.path),
    environment: sh`${pairs}`,
    withEnvironment,
    docker: sh`${withEnvironment([])} ${facts.dockerCommand}`,
    compose: (args, folder = facts.path) =>
      sh`${withEnvironment([...QUIET, `PWD=${folder}`])} sh -c ${IN_FOLDER} compose ${folder} ${facts.composeCommand} ${args}`,
    close: async () => {
      await engine.close();
      await shell.close();
    },
  };
}
