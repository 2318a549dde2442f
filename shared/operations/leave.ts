/** `rollback: never`: what failed stays where it is, for a person to look at. */
import { keep } from './conclude.js';
import type { Phases } from './phases.js';
import { makeManifest } from './record.js';
import type { Switching } from './switching.js';
import type { Return } from './turn-back.js';

export async function leave({ host, request, release }: Switching, phases: Phases): Promise<Return> {
  const manifest = makeManifest(host, request, release, {
    verdict: 'failed',
    phases: phases.times,
    downtime: undefined,
  });
  const kept = await keep(host, release, manifest).catch(() => undefined);
  const asked = 'since `rollback: never` was asked for';
  if (kept === true)
    return {
      complete: false,
      serving: release.id,
      hostState: `${host.shell.name} was left on release ${release.id}, ${asked}`,
    };
  const state = { complete: false, hostState: `${host.shell.name} was left as it is, ${asked}` };
  return kept === undefined ? { ...state, unsure: true } : state;
}
