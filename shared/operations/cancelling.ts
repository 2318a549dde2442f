/**
 * A job that is cancelled has seconds, and a switch may take minutes: the runner only decides, and what is at work on the host
 * ends its step, begins no other, and goes back by itself.
 */
import { decide } from '../release/store.js';
import type { Switching } from './switching.js';

/** Follows `work` on the host to its end, cancelled or not. A host that cannot be told is taken back by the next run. */
export async function decidingWhenCancelled<T>(switching: Switching, work: () => Promise<T>): Promise<T> {
  const { host, request, release, signal, log } = switching;
  if (request.rollback !== 'auto') return work();
  let told: Promise<unknown> = Promise.resolve();
  const tell = (): void => {
    log.info(`telling ${host.shell.name} to begin no other step, and to go back`);
    told = decide(host.shell, release.layout, 'reverting').catch(() => undefined);
  };
  if (signal.aborted) tell();
  else signal.addEventListener('abort', tell, { once: true });
  try {
    return await work();
  } finally {
    signal.removeEventListener('abort', tell);
    await told;
  }
}
