/** What the inputs may ask for already, but this version does not do: said before anything is done. */
import type { Problem } from '../base/errors.js';
import { notYet } from '../config/not-yet.js';
import { DEFAULT_CONFIRM_TIMEOUT, type DeployInputs } from './inputs.js';

export function notYetInInputs(inputs: DeployInputs): Problem[] {
  const asked: [boolean, string][] = [
    [inputs.operation === 'remove', 'operation: remove'],
    [inputs.source === 'current', 'source: current'],
    [inputs.images.length > 0, 'the input images'],
    [inputs.services.length > 0, 'the input services'],
    [inputs.restart.length > 0, 'the input restart'],
    [inputs.build === 'fresh', 'build: fresh'],
    [inputs.backup === 'always', 'backup: always'],
    [inputs.restoreBackup !== 'never', 'restore-backup: release'],
    [inputs.confirmTimeout !== DEFAULT_CONFIRM_TIMEOUT, 'the input confirm-timeout'],
    [inputs.task !== undefined, 'the input task'],
    [inputs.removeVolumes.length > 0, 'the input remove-volumes'],
    [inputs.deployment === 'create', 'deployment: create'],
    [inputs.hosts.length > 1, 'a deploy to several hosts'],
  ];
  return asked.filter(([is]) => is).map(([, what]) => ({ message: notYet(what) }));
}
