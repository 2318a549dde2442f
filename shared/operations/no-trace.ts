/** A host that has never served by Homeport is left without a trace of a run that came to nothing: a plan, or bad input. */
import { posix } from 'node:path';
import { lines, sh } from '../ssh/shell-text.js';
import type { OpenHost } from './open-host.js';

/** Takes away the folders that a run made, where nothing was recorded in them and nobody else has come meanwhile. */
export async function leaveNoTrace({ shell, facts, layout }: OpenHost): Promise<void> {
  const made = posix.relative(facts.nearestFolder, layout.path);
  await shell.run(
    lines(
      sh`cd ${layout.home} || exit 0`,
      sh`test ! -e log.jsonl && { rmdir releases 2>/dev/null || test ! -e releases; } || exit 0`,
      // A guard that another took away in the meantime guards nothing: what is in the folder now is somebody's who just came.
      sh`exec 9>>lock/guard && flock 9 && test lock/guard -ef /proc/self/fd/9 || exit 0`,
      sh`test ! -e lock/token || exit 0`,
      // Each run that waits for the lock has a file of its own there.
      sh`for file in lock/alive-*; do test ! -e "$file" || exit 0; done`,
      sh`rm -rf lock`,
      sh`cd ${facts.nearestFolder} && rmdir ${layout.home} 2>/dev/null || exit 0`,
      made === '' ? sh`:` : sh`rmdir -p -- ${made} 2>/dev/null`,
      sh`exit 0`,
    ),
  );
}
