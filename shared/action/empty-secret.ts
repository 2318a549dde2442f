/** An empty secret looks to an action like an input that was not given; GitHub has several ways to make one. Said where it can be the cause. */
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

/** What to add to a login that was refused, when no key was there to log in with. */
export function emptyKeyHint(question: KeyQuestion, failure: string): string | undefined {
  if (!isKeyless(question)) return undefined;
  if (!/permission denied|authenti|publickey|no key/i.test(failure)) return undefined;
  return [
    'ssh-private-key is empty and there is no agent (SSH_AUTH_SOCK). If the workflow gives a secret to it, the secret is empty here:',
    '- a secret of a GitHub environment is there only in a job that says `environment: <its name>`;',
    '- a secret has exactly the name that the workflow reads, in this repository, its organisation, or that environment;',
    '- a reusable workflow gets secrets only when its caller passes them (`secrets: inherit`), and none of an environment from another owner;',
    '- a pull request from a fork, and Dependabot, get none.',
  ].join('\n');
}

const isKeyless = ({ hosts, privateKey, facts }: KeyQuestion): boolean =>
  privateKey === undefined && !facts.hasAgent && hosts.some(({ kind }) => kind === 'ssh');
