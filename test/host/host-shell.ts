/** The product's own connection to a test host, as one of its users. */
import { silentLog } from '../../shared/base/log.js';
import { openEngine, type Engine } from '../../shared/host/engine.js';
import { gatherFacts, type HostFacts } from '../../shared/host/facts.js';
import { connect } from '../../shared/ssh/connect.js';
import type { HostShell } from '../../shared/ssh/host-shell.js';
import type { TestHost } from '../hosts/host.js';
import { settingsOf } from './ssh-server.js';

export async function shellOf(host: TestHost, user = host.user): Promise<HostShell> {
  return connect(
    { kind: 'ssh', user, hostname: host.address, port: host.port },
    settingsOf({ privateKey: host.privateKey, knownHosts: host.hostKey }),
    { log: silentLog },
  );
}

export async function factsOf(
  shell: HostShell,
  more: { readonly path?: string; readonly sudo?: boolean } = {},
): Promise<HostFacts> {
  const sudo = more.sudo ?? false;
  const engine = openEngine(shell, { sudo });
  try {
    return await gatherFacts(
      shell,
      { path: more.path ?? '/srv/shop', sudo, project: 'shop' },
      engine.then(async (opened) => opened.info()),
    );
  } finally {
    await engine.then(
      async (opened) => opened.close(),
      () => undefined,
    );
  }
}

export interface OpenedHost {
  readonly shell: HostShell;
  readonly facts: HostFacts;
  readonly engine: Engine;
}

export async function openedHost(host: TestHost): Promise<OpenedHost> {
  const shell = await shellOf(host);
  const facts = await factsOf(shell);
  return { shell, facts, engine: await openEngine(shell, { sudo: false }) };
}
