/** What a person reads first: how it ended, in the words that one would say to a colleague; then why, what, and how long. */
import type { Problem } from '../base/errors.js';
import { describeProblem } from '../base/errors.js';
import { formatDuration } from '../base/duration.js';
import type { DeployResult } from '../operations/result.js';
import { block, code, codes, fitted, folded, plain, table } from './markdown.js';
import { planParts } from './summary-plan.js';

/** What the result itself does not say. */
export interface RunWords {
  readonly version: string;
  readonly actor: string;
  readonly reason: string;
  readonly url: string | undefined;
}

/** Everything in it is redacted already. */
export function deploySummary(result: DeployResult, words: RunWords): string {
  const parts = [
    `### ${verdictLine(result)}`,
    factsLine(result, words),
    ...recoveredPart(result),
    ...failureParts(result),
    ...planParts(result),
    ...warningParts(result.warnings),
    imagesPart(result),
    phasesPart(result),
  ];
  return `${fitted(parts.filter((part) => part !== ''))}\n`;
}

/** For a run that ended before it had reached the host. */
export function refusalSummary(problems: readonly Problem[], headline: string): string {
  const lines = problems.map((problem) => `- ${plain(describeProblem(problem))}`);
  return `${fitted([`### ❌ ${headline}`, lines.join('\n')])}\n`;
}

function verdictLine({ verdict, project, host, release, servingRelease, recovered }: DeployResult): string {
  const name = `${plain(project)} on ${plain(host)}`;
  const serving = servingRelease === undefined ? 'nothing serves there' : `release ${code(servingRelease)} serves`;
  switch (verdict) {
    case 'deployed':
      return `✅ ${name}: release ${code(release ?? '')} is deployed and healthy`;
    case 'unchanged':
      return recovered.length === 0
        ? `✅ ${name}: unchanged, ${serving} as before and nothing was touched`
        : `✅ ${name}: unchanged, ${serving}; what an earlier run had left was put right first`;
    case 'planned':
      return `📋 ${name}: the plan of a deploy; nothing was changed`;
    case 'rolled-back':
      return `❌ ${name}: the deploy failed and was taken back; ${serving}`;
    case 'failed':
      return `❌ ${name}: the deploy failed`;
  }
}

function factsLine({ duration, downtime, downtimes }: DeployResult, { version, actor, reason, url }: RunWords): string {
  const [longest] = Object.entries(downtimes).sort(([, a], [, b]) => b - a);
  const service = longest === undefined || longest[1] === 0 ? '' : ` (${plain(longest[0])})`;
  const facts = [
    `version ${code(version)}`,
    `by ${plain(actor)}`,
    `took ${formatDuration(duration)}`,
    downtime === undefined ? '' : `longest downtime ${formatDuration(downtime)}${service}`,
    url === undefined ? '' : plain(url),
    reason === '' ? '' : `reason: ${plain(reason)}`,
  ];
  return facts.filter((fact) => fact !== '').join(' · ');
}

function recoveredPart({ recovered }: DeployResult): string[] {
  return recovered.length === 0 ? [] : [`**Recovered**\n${recovered.map((deed) => `- ${plain(deed)}`).join('\n')}`];
}

function failureParts({ failure, volumesLeft }: DeployResult): string[] {
  if (failure === undefined) return [];
  const { phase, message, lastLines, hostState } = failure;
  return [
    `**Cause** (${plain(phase)}): ${message.split('\n').map(plain).join('<br>')}`,
    ...(lastLines.length === 0 ? [] : [block(lastLines)]),
    ...(hostState === '' ? [] : [`**The host now**: ${hostState.split('\n').map(plain).join('<br>')}`]),
    ...(volumesLeft.length === 0
      ? []
      : [
          `**Volumes left**: this first deploy created ${codes(volumesLeft)}. They are not removed; the next deploy uses them.`,
        ]),
  ];
}

function warningParts(warnings: readonly string[]): string[] {
  return warnings.length === 0 ? [] : [`**Warnings**\n${warnings.map((warning) => `- ${plain(warning)}`).join('\n')}`];
}

function imagesPart({ images }: DeployResult): string {
  const rows = Object.entries(images).map(([service, { reference, id }]) => [
    plain(service),
    code(reference),
    code(id),
  ]);
  return rows.length === 0 ? '' : folded('Images', table(['service', 'image', 'ID'], rows));
}

function phasesPart({ phases, duration, sessions }: DeployResult): string {
  if (phases.length === 0) return '';
  const rows = phases.map(({ name, duration: time }) => [plain(name), formatDuration(time)]);
  const connection = sessions === 0 ? '' : `\n\n1 connection, ${sessions} sessions.`;
  return folded(`Time: ${formatDuration(duration)}`, table(['phase', 'time'], rows) + connection);
}
