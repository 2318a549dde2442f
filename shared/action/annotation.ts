/** Where GitHub shows an error or a warning in the files of a pull request. */
import type { AnnotationProperties } from '@actions/core';
import type { Place } from '../base/log.js';

export function annotationAt({ file, line, column }: Place): AnnotationProperties {
  return {
    ...(file === undefined ? {} : { title: 'Homeport', file }),
    ...(line === undefined ? {} : { startLine: line }),
    ...(column === undefined ? {} : { startColumn: column }),
  };
}
