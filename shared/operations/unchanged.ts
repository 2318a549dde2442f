/** A deploy that has nothing to change: only said of a stack that is well. */
import { discard } from './conclude.js';
import { gateServices, passHealthGate } from './gate.js';
import type { OpenHost } from './open-host.js';
import type { PlannedRelease } from './planned-release.js';
import type { Report } from './report.js';
import type { DeployResult } from './result.js';

/** @throws the health gate's failure: what runs is what was asked for, and it is not well */
export async function leaveUnchanged(
  host: OpenHost,
  planned: PlannedRelease,
  report: Report,
  signal: AbortSignal,
): Promise<DeployResult> {
  const { request, phases } = report;
  await phases.run('health', async () =>
    passHealthGate({
      engine: host.engine,
      project: request.project,
      services: gateServices(planned.staged.model, planned.plan),
      before: planned.observed,
      timeout: request.health.timeout,
      stable: 0,
      signal,
      nextEvent: async () => new Promise(() => undefined),
    }),
  );
  await discard(host, request.project, planned.id, report.line('unchanged'));
  return report.finished('unchanged');
}
