import { describe, expect, test } from '@jest/globals';
import { deployRequest } from '../../test/support/deploy.js';
import { manifest } from '../../test/support/stack.js';
import { UserError } from '../base/errors.js';
import type { DeployRequest } from './request.js';
import { refuseStaleRun } from './stale.js';

const run = (number: string, repository = 'acme/shop'): string =>
  `https://github.com/${repository}/actions/runs/${number}`;
const serving = manifest({ commit: 'bbbbbbbbb', runUrl: run('1000') });
const asked = (more: Partial<DeployRequest>): (() => void) => {
  const request = deployRequest({ commit: 'aaaaaaaaa', ...more });
  return () => {
    refuseStaleRun(request, serving);
  };
};

test.each(['999', '999/attempts/3', '99'])('run %s is older than what serves', (number) => {
  expect(asked({ runUrl: run(number) })).toThrow(UserError);
  expect(asked({ runUrl: run(number) })).toThrow(
    /commit aaaaaaa, is older than .* commit bbbbbbb, .*runs\/1000.*`stale: allow`/,
  );
});

describe('is not refused', () => {
  test.each<[string, Partial<DeployRequest>]>([
    ['a newer run', { runUrl: run('1001') }],
    ['the run that serves, again', { runUrl: `${run('1000')}/attempts/2` }],
    ['a number with more digits', { runUrl: run('10000000000000000001') }],
    ['the commit that serves', { runUrl: run('999'), commit: 'bbbbbbbbb' }],
    ['a run of another repository', { runUrl: run('999', 'acme/other') }],
    ['no run of GitHub', { runUrl: '' }],
    ['a plan', { runUrl: run('999'), operation: 'plan' }],
    ['who asked for it', { runUrl: run('999'), stale: 'allow' }],
  ])('%s', (_, more) => {
    expect(asked(more)).not.toThrow();
  });

  test('the first release', () => {
    expect(() => {
      refuseStaleRun(deployRequest({ runUrl: run('1') }), undefined);
    }).not.toThrow();
  });
});
