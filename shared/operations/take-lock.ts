/** The lock of a stack, asked for in the name of this run. */
import { acquireLock, type Lock } from '../host/lock.js';
import type { DeployContext } from './context.js';
import type { OpenHost } from './open-host.js';
import type { DeployRequest } from './request.js';

/** @throws UserError when `lock-timeout` is over, naming who has it; HostFailure when the host cannot keep a lock */
export async function takeLock(host: OpenHost, request: DeployRequest, { log, signal }: DeployContext): Promise<Lock> {
  return acquireLock(host.shell, host.layout, {
    owner: { operation: request.operation, actor: request.actor, runUrl: request.runUrl, reason: request.reason },
    timeout: request.lockTimeout,
    ...(request.forceUnlock === undefined ? {} : { forceUnlock: request.forceUnlock }),
    signal,
    onWait: (message: string) => {
      log.info(message);
    },
  });
}
