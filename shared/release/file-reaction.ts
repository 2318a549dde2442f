/** What a service does when only files that it mounts changed: what it was told, laid over what its image is known for. */
import type { ServiceModel } from '../compose/model.js';
import { knownProxy } from './known-proxy.js';

/** As `on-file-change` says it. */
export type GivenReaction =
  'recreate' | 'restart' | 'ignore' | { readonly test?: readonly string[]; readonly signal?: string };

/** A command that judges the new files in a container of its own. */
export interface FileTest {
  readonly command: readonly string[];
  /** In place of the image's own. */
  readonly entrypoint?: string;
  /** Nobody asked for it: an image that does not have the program is not tested. */
  readonly byDefault: boolean;
}

/** How it shows that a signal was taken: programs that refuse the new files go on with the old ones, silently. */
export interface ReloadProof {
  /** The name of its process. */
  readonly process: string;
  /** An extended regular expression for the line of its log that says so; absent where new workers of that name tell it. */
  readonly done?: string;
  readonly refused: string;
}

export interface FileSignal {
  readonly name: string;
  readonly proof?: ReloadProof;
}

export interface FileReaction {
  readonly action: 'recreate' | 'restart' | 'ignore' | 'signal';
  readonly test?: FileTest;
  readonly signal?: FileSignal;
}

/** @param targets where the changed files are inside the container */
export function fileReaction(
  service: ServiceModel,
  given: GivenReaction | undefined,
  targets: readonly string[],
): FileReaction {
  if (given === 'ignore') return { action: 'ignore' };
  const usual = knownProxy(service, targets);
  const asked = typeof given === 'object' ? given : {};
  const test = asked.test === undefined ? usual?.test : { command: asked.test, byDefault: false };
  const tested = test === undefined ? {} : { test };
  if (typeof given === 'string') return { action: given, ...tested };
  const name = asked.signal?.replace(/^SIG/, '');
  const own = name === undefined ? undefined : { ...(usual?.signal?.name === name ? usual.signal : {}), name };
  const signal = own ?? usual?.signal;
  return signal === undefined ? { action: 'recreate', ...tested } : { action: 'signal', signal, ...tested };
}
