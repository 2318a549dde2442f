/**
 * An empty secret looks to an action like an input that was not given. Where GitHub gives a run no secrets at all, that is
 * certain and said at once; otherwise a missing key may be meant (Tailscale SSH), and a refused login explains it.
 */
import type { HostAddress } from '../ssh/settings.js';
import type { RunFacts } from './run-facts.js';

export interface KeyQuestion {
  readonly hosts: readonly HostAddress[];
  readonly privateKey: string | undefined;
  readonly facts: RunFacts;
}

/** Why there can be no key; undefined when there is one, or when none may be meant (an agent, Tailscale SSH). */
export function impossibleKey(question: KeyQuestion): string | undefined {
  const { withoutSecrets } = question.facts;
  if (!isKeyless(question) || withoutSecrets === undefined) return undefined;
  return `ssh-private-key is empty: ${withoutSecrets}`;
}

const isKeyless = ({ hosts, privateKey, facts }: KeyQuestion): boolean =>
  privateKey === undefined && !facts.hasAgent && hosts.some(({ kind }) => kind === 'ssh');
