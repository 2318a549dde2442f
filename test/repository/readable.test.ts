import { expect, test } from '@jest/globals';
import { readable } from '../../script/readable.js';
import { ROLLED_BACK } from '../../shared/action/sample-result.js';
import { deploySummary } from '../../shared/action/summary.js';

test('the demo shows a summary as text: no mark and no entity, columns that stand below each other, output as it was', () => {
  const summary = deploySummary(
    {
      ...ROLLED_BACK,
      failure: { phase: 'health', message: 'web <a> | b', problems: [], lastLines: ['| a | &#42; |'], hostState: '' },
    },
    { version: '3f2a', actor: 'octo_cat', reason: '', url: undefined },
  );
  const text = readable(summary);
  expect(text).not.toMatch(/<\/?(?:code|details|summary|br)>|\*\*|^#|```|---/m);
  expect(text.replace('    | a | &#42; |', '')).not.toMatch(/&#\d+;|^\|/m);
  expect(text).toContain('Cause (health): web <a> | b\n\n    | a | &#42; |');
  expect(text).toContain('by octo_cat');
});

test('tables', () => {
  expect(readable('| service | why |\n| --- | --- |\n| <code>a</code> | long |\n| longer | b&#124;c |')).toBe(
    '  service   why\n  a         long\n  longer    b|c',
  );
});
