// Reads what Jest wrote about one ring (--json --outputFile) and says it in one line, then what failed, in full.
// Its output's last line is `<passed> <failed> <skipped>` for script/test to add up: a ring that could not be read, ran
// nothing, or ended red without a failing test counts as one failure, never as none.
import { existsSync, readFileSync } from 'node:fs';

/** The part of Jest's JSON report that is read here. */
export interface JestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: { name: string; status: string; message: string }[];
}

export interface Figures {
  passed: number;
  failed: number;
  skipped: number;
  /** What a person has to read to repair it: empty when nothing failed. */
  details: string[];
}

/**
 * Counts one ring. A file of tests that could not be loaded is one failure.
 * @param exitStatus Jest's own: red without a failing test (a crash, no tests at all) is a failure too
 * @param mayBeEmpty true when a pattern was given, which need not match something in every ring
 */
export function figuresOf(report: JestReport | undefined, exitStatus: number, mayBeEmpty: boolean): Figures {
  if (report === undefined)
    return { passed: 0, failed: 1, skipped: 0, details: ['Jest did not start: see its output.'] };
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  const figures: Figures = {
    passed: report.numPassedTests,
    failed,
    skipped: report.numPendingTests + report.numTodoTests,
    details: report.testResults
      .filter((file) => file.status === 'failed')
      .map((file) => `${file.name}\n${file.message}`),
  };
  const ran = figures.passed + figures.skipped + failed;
  if (ran === 0 && !mayBeEmpty) return oneMore(figures, 'There was no test to run.');
  if (failed === 0 && exitStatus !== 0)
    return oneMore(figures, `Jest ended with status ${exitStatus} though no test failed.`);
  return figures;
}

function oneMore(figures: Figures, why: string): Figures {
  return { ...figures, failed: figures.failed + 1, details: [...figures.details, why] };
}

function main([ring = '', reportFile = '', exitStatus = '1', seconds = '?', pattern = '']: string[]): void {
  const report = existsSync(reportFile) ? (JSON.parse(readFileSync(reportFile, 'utf8')) as JestReport) : undefined;
  const figures = figuresOf(report, Number(exitStatus), pattern !== '');
  const skipped = figures.skipped > 0 ? `, ${figures.skipped} skipped` : '';
  for (const detail of figures.details) console.log(detail);
  console.log(`${ring}: ${figures.passed} passed, ${figures.failed} failed${skipped} (${seconds} s)`);
  console.log(`${figures.passed} ${figures.failed} ${figures.skipped}`);
}

if (import.meta.filename === process.argv[1]) main(process.argv.slice(2));
