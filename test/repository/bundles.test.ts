// The committed bundles, run as the runner runs them: by node 24, from a folder that has nothing else in it.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAction } from '../../script/tables.js';
import { actions, inRoot, read } from './files.js';

/** Where script/setup puts the runner's node: the rings find it there when they are run by hand too. */
const node24 = process.env['HOMEPORT_NODE24'] ?? join(homedir(), '.cache/homeport-test/node24/bin/node');

test('there is a node 24 to run the bundles with (./script/setup fetches it)', () => {
  expect(spawnSync(node24, ['--version'], { encoding: 'utf8' }).stdout).toMatch(/^v24\./);
});

test('there is an action', () => {
  expect(actions()).toContain('action-deploy');
});

describe.each(actions())('%s', (action) => {
  const metadata = readAction(read(`${action}/action.yml`));
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bundle-'));
    cpSync(inRoot(`${action}/dist`), join(folder, 'dist'), { recursive: true });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (env: Record<string, string>): SpawnSyncReturns<string> => {
    const files = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary') };
    for (const file of Object.values(files)) writeFileSync(file, '');
    return spawnSync(node24, [join(folder, metadata.runs.main)], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, RUNNER_TEMP: folder, ...files, ...env },
      encoding: 'utf8',
      timeout: 20_000,
    });
  };

  test('each file that action.yml runs is in dist', () => {
    const { main, pre, post } = metadata.runs;
    const missing = [main, pre, post].filter((file) => file !== undefined && !existsSync(join(folder, file)));
    expect(missing).toEqual([]);
  });

  test('the bundle starts from an empty folder and refuses an unknown input, naming the nearest, without a stack', () => {
    // `dry_run` instead of `dry-run`: it must not deploy.
    const { status, stdout, stderr } = run({ INPUT_DRY_RUN: 'true' });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^::error.*dry_run.*dry-run/im);
    expect(stdout).not.toMatch(/^\s+at .*:\d+/m);
    expect(status).toBe(1);
    expect(readFileSync(join(folder, 'output'), 'utf8')).toMatch(/result<<(\S+)\nfailed\n\1/);
  });

  test('the licences of what is bundled are beside it', () => {
    expect(read(`${action}/dist/licenses.txt`)).toMatch(/@actions\/core\nMIT/);
  });
});
