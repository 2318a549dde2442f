/** What a service mounts and the checkout does not have, perhaps by a slip of the pen: only the host knows whether it has it. */
import { HostFailure, UserError, type Problem } from '../base/errors.js';
import {
  describeMissingBind,
  describeMissingFile,
  type MissingBind,
  type MissingFile,
} from '../compose/missing-bind.js';
import { sh } from '../ssh/shell-text.js';
import type { OpenHost } from './open-host.js';

/** What lies in a folder that this user may not look into counts as there. */
const THERE = [
  'cd -- "$1" 2>/dev/null || exit 0',
  'shift',
  'for name; do',
  '  folder=./$name && folder=${folder%/*}',
  '  if test -e "$name" || { test -d "$folder" && ! test -x "$folder"; }; then echo "$name"; fi',
  'done',
].join('\n');

/**
 * @returns what is neither there nor surely a mistake, for the plan to warn of
 * @param files those that services use
 * @throws UserError for files that would become empty folders, or that no container can do without
 */
export async function missingOnHost(
  { shell, layout }: Pick<OpenHost, 'shell' | 'layout'>,
  binds: readonly MissingBind[],
  files: readonly MissingFile[],
): Promise<readonly Problem[]> {
  if (binds.length + files.length === 0) return [];
  const paths = [...new Set([...binds, ...files].map(({ path }) => path))];
  const { status, stdout, stderr } = await shell.run(sh`sh -c ${THERE} homeport ${layout.path} ${paths}`);
  if (status !== 0) throw new HostFailure(shell.name, `${layout.path} could not be looked into`, [stderr.trim()]);
  const there = new Set(stdout.split('\n'));
  const missing = binds.filter(({ path }) => !there.has(path));
  const told = (bind: MissingBind): Problem => ({ message: describeMissingBind(bind, layout.path), ...bind.place });
  const wrong = [
    ...missing.filter(({ looks }) => looks === 'file').map(told),
    ...files
      .filter(({ path }) => !there.has(path))
      .map((file): Problem => ({ message: describeMissingFile(file, layout.path), ...file.place })),
  ];
  if (wrong.length > 0) throw new UserError(wrong);
  return missing.map(told);
}
