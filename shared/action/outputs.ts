/** What later steps can read: the outputs of action-deploy, and the report file that has everything. */
import { setOutput } from '@actions/core';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeployResult } from '../operations/result.js';

/** Every output of action-deploy by its name, as text; what there is nothing to say about is empty. */
export function deployOutputs(
  result: DeployResult,
  url: string | undefined,
  report: string,
): Readonly<Record<string, string>> {
  return {
    result: result.verdict,
    release: result.release ?? '',
    'previous-release': result.previousRelease ?? '',
    'serving-release': result.servingRelease ?? '',
    backup: '',
    changed: result.changed.join(','),
    'downtime-ms': result.downtime === undefined ? '' : String(Math.round(result.downtime)),
    'duration-ms': String(Math.round(result.duration)),
    'failed-phase': result.failure?.phase ?? '',
    url: url ?? '',
    plan: result.plan === undefined ? '' : JSON.stringify(result.plan),
    images: JSON.stringify(result.images),
    report,
  };
}

/** For a run that ended before there was a result. */
export function refusalOutputs(phase: string, report: string): Readonly<Record<string, string>> {
  return { result: 'failed', 'failed-phase': phase, report };
}

export function writeOutputs(outputs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
}

/** @returns the path of the new file */
export function writeReport(folder: string, content: object): string {
  const path = join(folder, `homeport-${randomUUID()}.json`);
  writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  return path;
}
