/** Where GitHub shows an error or a warning in the files of a pull request. */
import { error as annotate, type AnnotationProperties } from '@actions/core';
import type { Problem } from '../base/errors.js';
import type { Place } from '../base/log.js';
import type { Redactor } from '../base/redactor.js';

/** GitHub shows ten errors of a step; the last one is kept for the failure itself. */
const MOST_ANNOTATIONS = 9;

export function annotationAt({ file, line, column }: Place): AnnotationProperties {
  return {
    ...(file === undefined ? {} : { title: 'Homeport', file }),
    ...(line === undefined ? {} : { startLine: line }),
    ...(column === undefined ? {} : { startColumn: column }),
  };
}

/** Each problem that is in a file is shown at its line in the pull request. */
export function annotateProblems(problems: readonly Problem[], redactor: Redactor): void {
  for (const problem of problems.filter(({ file }) => file !== undefined).slice(0, MOST_ANNOTATIONS)) {
    annotate(redactor.redact(problem.message), annotationAt(problem));
  }
}
