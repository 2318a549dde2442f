import { describe, expect, test } from '@jest/globals';
import { Redactor } from '../base/redactor.js';
import { captured, obeyed } from './captured.js';
import { ActionLog } from './log.js';

function log(): ActionLog {
  const redactor = new Redactor();
  redactor.add('hunter22');
  return new ActionLog(redactor);
}

/** Tokens and times differ from run to run. */
const steady = (lines: readonly string[]): string[] =>
  lines.map((line) =>
    line.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, 'TOKEN').replace(/\(\d+ ms\)/, '(n ms)'),
  );

describe('the log', () => {
  test('a phase without output is one line', async () => {
    const own = log();
    const lines = await captured(async () => own.phase('plan', async () => Promise.resolve()));
    expect(steady(lines)).toEqual(['✓ plan (n ms)']);
    expect(own.lastPhase).toBe('plan');
  });

  test('what a host prints is folded and cannot speak to the runner', async () => {
    const own = log();
    const lines = await captured(async () =>
      own.phase('fetch', async () => {
        own.output('pulling hunter22');
        own.output('::add-mask::e');
        own.output('::error::not ours');
        own.info('web is built');
        own.output('more');
        return Promise.resolve();
      }),
    );
    expect(steady(lines)).toEqual([
      '::group::fetch: output',
      '::stop-commands::TOKEN',
      'pulling ***',
      '::add-mask::e',
      '::error::not ours',
      '::TOKEN::',
      '::endgroup::',
      'web is built',
      '::group::fetch: output',
      '::stop-commands::TOKEN',
      'more',
      '::TOKEN::',
      '::endgroup::',
      '✓ fetch (n ms)',
    ]);
  });

  test('output cannot end its fence: each has a token of its own', async () => {
    const own = log();
    const first = await captured(() => {
      own.output('a');
      own.close();
    });
    const token = (/^::stop-commands::(.+)$/.exec(first[0] ?? '') ?? [])[1] ?? '';
    const second = await captured(() => {
      own.output(`::${token}::`);
      own.output('::error::injected');
      own.close();
    });
    expect(token).not.toBe('');
    expect(obeyed(second)).toEqual([]);
  });

  test.each(['::error::x', '  ::error::x', 'a\n::error::x', 'a ##[error]x'])(
    'a line of ours that quotes a command is fenced: %j',
    async (line) => {
      const own = log();
      const lines = await captured(() => {
        own.info(line);
      });
      expect(lines[0]).toMatch(/^::stop-commands::/);
      expect(lines.at(-1)).toMatch(/^::[0-9a-f-]{36}::$/);
    },
  );

  test('details come out only when the phase fails', async () => {
    const own = log();
    const lines = await captured(async () => {
      await own.phase('lock', async () => {
        own.debug('quiet');
        return Promise.resolve();
      });
      const failing = own.phase('switch', async () => {
        own.debug('step 1 hunter22');
        return Promise.reject(new Error('x'));
      });
      await expect(failing).rejects.toThrow('x');
    });
    const plain = steady(lines).filter((line) => !line.startsWith('::debug::'));
    expect(plain).toEqual([
      '✓ lock (n ms)',
      '::group::switch: details',
      '::stop-commands::TOKEN',
      'step 1 ***',
      '::TOKEN::',
      '::endgroup::',
      '✗ switch (n ms)',
    ]);
  });

  test('a warning is an annotation once, and a plain line from the eleventh on', async () => {
    const own = log();
    const lines = await captured(() => {
      for (let at = 0; at < 12; at++) own.warning(`w${at} hunter22`);
      own.warning('w0 hunter22');
    });
    expect(lines.filter((line) => line.startsWith('::warning::'))).toHaveLength(10);
    expect(lines.slice(10)).toEqual(['warning: w10 ***', 'warning: w11 ***']);
  });

  test('a warning about a file is shown at its place, and says it in the log too', async () => {
    const own = log();
    const lines = await captured(() => {
      own.warning('X is not set', { file: 'apps/shop/compose.yml', line: 3, column: 5 });
    });
    expect(lines).toEqual([
      '::warning title=Homeport,file=apps/shop/compose.yml,line=3,col=5::apps/shop/compose.yml:3:5: X is not set',
    ]);
  });
});
