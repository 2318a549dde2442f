/** action-deploy, from its inputs to its outputs: reads what is asked, lets the deploy do it, and tells how it ended. */
import { appendFileSync } from 'node:fs';
import { HostFailure, messageOf, UserError } from '../base/errors.js';
import type { Log } from '../base/log.js';
import type { DeployContext } from '../operations/context.js';
import type { DeployRequest } from '../operations/request.js';
import type { DeployResult } from '../operations/result.js';
import { annotateProblems } from './annotation.js';
import { readDeployInputs } from './inputs.js';
import { deployOutputs, refusalOutputs, writeOutputs, writeReport } from './outputs.js';
import { redacted } from './redacted.js';
import { deployRequest, hideOf } from './request.js';
import type { ActionContext, Ending } from './run.js';
import { runFacts, type RunFacts } from './run-facts.js';
import { deploySummary, refusalSummary } from './summary.js';

export type Deploy = (request: DeployRequest, context: DeployContext) => Promise<DeployResult>;

/** @throws what the inputs or the connection have wrong, after it was told */
export async function deployAction(context: ActionContext, deploy: Deploy): Promise<Ending> {
  const facts = runFacts();
  const { request, result } = await deployed(context, deploy, facts).catch((error: unknown) => {
    tellRefusal(error, facts, context);
    throw error;
  });
  tell(redacted(result, context.redactor), request, facts, context);
  return endingOf(result, context.signal);
}

interface Deployed {
  readonly request: DeployRequest;
  readonly result: DeployResult;
}

async function deployed(context: ActionContext, deploy: Deploy, facts: RunFacts): Promise<Deployed> {
  const request = deployRequest(readDeployInputs(), facts, context.redactor);
  const { log, signal } = context;
  return { request, result: await deploy(request, { log, signal, hide: hideOf(request, context.redactor) }) };
}

function tell(result: DeployResult, request: DeployRequest, facts: RunFacts, { log, redactor }: ActionContext): void {
  const { version, commit, actor, runUrl, reason, environment, url } = redacted(
    { ...request, env: undefined, connection: undefined, registries: undefined },
    redactor,
  );
  const report = reportFile(facts, log, {
    homeport: 1,
    action: 'deploy',
    run: { operation: request.operation, environment, version, commit, actor, url: runUrl, reason },
    result,
  });
  writeOutputs(deployOutputs(result, url, report));
  writeSummary(deploySummary(result, { version, actor, reason, url }), log);
  annotateProblems(result.failure?.problems ?? [], redactor);
  for (const line of result.failure?.lastLines ?? []) log.output(line);
}

function tellRefusal(error: unknown, facts: RunFacts, { log, redactor }: ActionContext): void {
  const problems = error instanceof UserError ? error.problems : [{ message: messageOf(error) }];
  const shown = redacted(problems, redactor);
  const phase = log.lastPhase ?? 'input';
  const report = reportFile(facts, log, { homeport: 1, action: 'deploy', failedPhase: phase, problems: shown });
  writeOutputs(refusalOutputs(phase, report));
  writeSummary(refusalSummary(shown, headlineOf(error)), log);
}

/** A disk of the runner that is full must not turn a deploy red. */
function reportFile({ temp }: RunFacts, log: Log, content: object): string {
  try {
    return writeReport(temp, content);
  } catch (error) {
    log.warning(`the report could not be written: ${messageOf(error)}`);
    return '';
  }
}

/** Only what was refused, or not reached, is sure to be as it was. */
function headlineOf(error: unknown): string {
  if (error instanceof UserError) return 'Nothing was changed: this has to be repaired first';
  return error instanceof HostFailure ? 'Nothing was changed: the host did not answer as it should' : 'Homeport failed';
}

/** A summary that cannot be written must not turn a deploy red. */
function writeSummary(text: string, log: Log): void {
  const file = process.env['GITHUB_STEP_SUMMARY'] ?? '';
  if (file === '') return;
  try {
    appendFileSync(file, text);
  } catch (error) {
    log.warning(`the summary could not be written: ${messageOf(error)}`);
  }
}

/** Cause first, then what the host serves. */
function endingOf({ verdict, failure, servingRelease, volumesLeft }: DeployResult, signal: AbortSignal): Ending {
  if (failure !== undefined) {
    const left = volumesLeft.length === 0 ? '' : `volumes that it created are left: ${volumesLeft.join(', ')}`;
    return [`${failure.phase}: ${failure.message}`, failure.hostState, left].filter((part) => part !== '').join('\n');
  }
  if (verdict === 'failed' || verdict === 'rolled-back') return `the deploy ended as ${verdict}`;
  if (signal.aborted && verdict === 'deployed')
    return `the job was cancelled when release ${servingRelease ?? ''} was confirmed already: it serves`;
  return undefined;
}
