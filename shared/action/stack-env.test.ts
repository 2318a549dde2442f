import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { TestFolder, thrownBy } from '../config/test-folder.js';
import { envByNames, envOfFile, envOfText, looksSecret } from './stack-env.js';

describe('env-names', () => {
  const env = {
    DATABASE_URL: 'a$b',
    APP_ONE: '1',
    APP_TWO: " 'x' ",
    APPLE: 'no',
    EMPTY: '',
    GITHUB_TOKEN: 't',
    INPUT_ENV: 'e',
  };

  test('names and patterns are taken literally', () => {
    expect([...envByNames(['DATABASE_URL', 'APP_*'], env)]).toEqual([
      ['DATABASE_URL', 'a$b'],
      ['APP_ONE', '1'],
      ['APP_TWO', " 'x' "],
    ]);
  });

  test("a pattern never takes what GitHub sets itself; a pattern's other characters are plain", () => {
    expect([...envByNames(['*T*'], env).keys()]).toEqual(['DATABASE_URL', 'APP_TWO']);
    expect(thrownBy(() => envByNames(['A.P*'], env))).toEqual([
      "env-names: nothing in the step's environment fits A.P*",
    ]);
  });

  test('what is missing or empty is an error, all at once', () => {
    expect(thrownBy(() => envByNames(['NOPE', 'EMPTY'], env))).toEqual([
      expect.stringMatching(/^env-names: NOPE is not in the step's environment/),
      expect.stringMatching(/^env-names: EMPTY is empty in the step's environment/),
    ]);
  });
});

test('text that is no dotenv is named by its line, never by its values', () => {
  const wrong = thrownBy(() => envOfText('A=1\nB "hunter22"\nC=\'open hunter23\n'));
  expect(wrong).toEqual([
    expect.stringMatching(/^the input env, line 2, column 1: /),
    expect.stringMatching(/^the input env, line 3, column \d+: the value of C has no closing '/),
  ]);
  expect(wrong.join('')).not.toMatch(/hunter/);
});

describe('env-file', () => {
  test('is read from the config folder', () => {
    using folder = new TestFolder({ '.env.production': 'A=1\nB=two words\n' });
    const { variables, committed } = envOfFile(folder.path, '.env.production', '.env.production');
    expect([...variables]).toEqual([
      ['A', '1'],
      ['B', 'two words'],
    ]);
    expect(committed).toBe(false);
  });

  test('only as git has it, it is known to everybody', () => {
    using folder = new TestFolder({ '.env.production': 'A=1\n', 'other.env': 'B=1\n' });
    const git = (...args: string[]): void => {
      execFileSync('git', ['-C', folder.path, '-c', 'user.name=t', '-c', 'user.email=t@example', ...args], {
        stdio: 'ignore',
      });
    };
    git('init', '-q');
    git('add', '.env.production');
    git('commit', '-qm', 'x');
    const committed = (path: string): boolean => envOfFile(folder.path, path, path).committed;
    expect([committed('.env.production'), committed('other.env')]).toEqual([true, false]);
    folder.write('.env.production', 'A=1\nSECRET=from-a-step\n');
    expect(committed('.env.production')).toBe(false);
  });

  test('outside of the folder, or missing, it is an error', () => {
    using folder = new TestFolder();
    expect(thrownBy(() => envOfFile(folder.path, '../x', 'x'))).toEqual([
      'env-file must be inside the folder of the config, not "../x"',
    ]);
    expect(thrownBy(() => envOfFile(folder.path, '/etc/x', 'x'))).toEqual([
      'env-file must be inside the folder of the config, not "/etc/x"',
    ]);
    expect(thrownBy(() => envOfFile(folder.path, '.env.x', 'x'))).toEqual([
      'env-file: there is no file ".env.x" in the checkout',
    ]);
  });

  test.each([
    ['DB_PASSWORD', 'x', true],
    ['api_token', 'x', true],
    ['DATABASE_URL', 'postgres://app:pw@db/x', true],
    ['DATABASE_URL', 'postgres://db/x', false],
    ['DOMAIN', 'shop.example', false],
  ])('of a committed one, %s=%s: %s', (key, value, secret) => {
    expect(looksSecret([key, value])).toBe(secret);
  });
});
