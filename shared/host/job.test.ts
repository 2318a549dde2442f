import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HostFailure } from '../base/errors.js';
import type { HostShell } from '../ssh/host-shell.js';
import { openLocal } from '../ssh/local.js';
import { sh } from '../ssh/shell-text.js';
import { runJob, type Job, type JobOptions } from './job.js';

// Real sessions and scripts, on a machine that may be busy.
jest.setTimeout(60_000);

const SHELLS: readonly (readonly [string, ...string[]])[] = [['/bin/sh'], ['/bin/bash'], ['/bin/busybox', 'sh']];
const environment: JobOptions = { environment: sh`${[`PATH=${process.env['PATH'] ?? ''}`, "WORD=it's one"]}` };

let folder: string;
let job: Job;
let shell: HostShell;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "homeport job's "));
  const at = (name: string): string => join(folder, name);
  job = { script: at('script'), journal: at('journal'), output: at('output'), lockFile: at('job') };
  shell = openLocal();
});

afterEach(async () => {
  await shell.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A job's script, in the folder of its files. */
function write(...lines: readonly string[]): void {
  writeFileSync(job.script, [`cd '${folder.replaceAll("'", String.raw`'\''`)}'`, ...lines, ''].join('\n'));
}

async function until(holds: () => boolean): Promise<void> {
  for (let looks = 0; !holds(); looks += 1) {
    if (looks > 400) throw new Error('it never came');
    await delay(10);
  }
}

describe.each(SHELLS.map((argv) => ({ argv, name: argv.join(' ') })))('under $name', ({ argv }) => {
  test('a job tells what it wrote and printed, and nothing of an earlier one', async () => {
    const host = openLocal(argv);
    write('echo 1 done hooks:0 >>journal', 'echo first', 'printf cut');
    expect(await runJob(host, job, environment)).toEqual({
      entries: [{ uptime: 1, word: 'done', job: 'hooks', step: 0, text: '' }],
      lastLines: ['first', 'cut'],
    });
    write('echo 2 begin switch:1 a title >>journal', 'echo "second $WORD"', 'echo worse >&2', 'exit 3');
    expect(await runJob(host, job, environment)).toEqual({
      entries: [{ uptime: 2, word: 'begin', job: 'switch', step: 1, text: 'a title' }],
      lastLines: ["second it's one", 'worse'],
    });
    await host.close();
  });

  test('an earlier journal that was cut short does not spoil this one', async () => {
    const host = openLocal(argv);
    writeFileSync(job.journal, '1 fail switch:1 so');
    writeFileSync(job.output, 'half a li');
    write('echo >>journal', 'echo 2 done revert:0 0 failed >>journal', 'echo ok');
    const { entries, lastLines } = await runJob(host, job, environment);
    expect(entries.map(({ word }) => word)).toEqual(['done']);
    expect(lastLines).toEqual(['ok']);
    await host.close();
  });

  test('a job that writes nothing has nothing to tell', async () => {
    const host = openLocal(argv);
    write('exit 1');
    expect(await runJob(host, job, environment)).toEqual({ entries: [], lastLines: [] });
    await host.close();
  });
});

test('a job has only the environment it is given', async () => {
  process.env['RUNNER_TRACKING_ID'] = 'github_1';
  write('env | sort');
  const { lastLines } = await runJob(shell, job, environment);
  delete process.env['RUNNER_TRACKING_ID'];
  expect(lastLines.map((line) => line.replace(/=.*/, '')).filter((name) => name !== 'OLDPWD' && name !== '_')).toEqual([
    'PATH',
    'PWD',
    'WORD',
  ]);
});

test('a job outlives the session that started it', async () => {
  write(
    'echo 1 begin switch:1 x >>journal',
    'while ! test -e go; do sleep 0.05; done',
    'echo 2 done switch:0 >>journal',
  );
  const abort = new AbortController();
  const cut: HostShell = Object.assign(Object.create(shell) as HostShell, {
    run: async (...[script]: Parameters<HostShell['run']>) => shell.run(script, { signal: abort.signal }),
  });
  const lost = runJob(cut, job, environment);
  const failure = expect(lost).rejects.toBeInstanceOf(HostFailure);
  await until(() => existsSync(job.journal));
  abort.abort();
  await failure;

  // It is alive, and so another one is refused before it has prepared anything.
  const next = { ...job, script: join(folder, 'next') };
  writeFileSync(next.script, 'exit 0\n');
  const prepared = join(folder, 'prepared');
  await expect(runJob(shell, next, { ...environment, prepare: sh`touch ${prepared}` })).rejects.toThrow(
    /another job of Homeport is still running/,
  );
  expect(existsSync(prepared)).toBe(false);

  writeFileSync(join(folder, 'go'), '');
  await until(() => readFileSync(job.journal, 'utf8').includes('done switch:0'));
  await until(() => !isHeld(job.lockFile));
  expect((await runJob(shell, next, environment)).entries).toEqual([]);
});

test('a job is followed for as long as anything of it lives, but not a daemon that let go', async () => {
  write('(sleep 0.5; echo late) &', '(exec 9>&-; sleep 30) >/dev/null 2>&1 & echo $! >daemon');
  const begun = performance.now();
  const { lastLines } = await runJob(shell, job, environment);
  expect(lastLines).toEqual(['late']);
  expect(performance.now() - begun).toBeLessThan(10_000);
  process.kill(Number(readFileSync(join(folder, 'daemon'), 'utf8')));
});

test('files come before the job, in the same session', async () => {
  const sessions = shell.sessions;
  const { lastLines } = await runJob(shell, job, {
    ...environment,
    prepare: sh`tar -xpof - -C ${folder} || exit 1`,
    entries: [{ path: 'script', mode: 0o700, content: 'echo shipped\n' }],
  });
  expect(lastLines).toEqual(['shipped']);
  expect(shell.sessions - sessions).toBe(1);
});

test('what could not be prepared is not started', async () => {
  write('touch started');
  const failure = runJob(shell, job, { ...environment, prepare: sh`echo "no space left" >&2; exit 1` });
  await expect(failure).rejects.toMatchObject({ name: 'JobRefused', status: 1, lastLines: ['no space left'] });
  expect(existsSync(join(folder, 'started'))).toBe(false);
  expect(isHeld(job.lockFile)).toBe(false);
});

test('a folder that is not there is a failure, and no job that is busy', async () => {
  write('true');
  const lost = { ...job, lockFile: join(folder, 'absent', 'job') };
  await expect(runJob(shell, lost, environment)).rejects.toThrow(/could not be started/);
});

test('a job that was killed leaves the lock and a journal without an end', async () => {
  write('echo 1 begin switch:1 x >>journal', 'kill -9 $$');
  const { entries } = await runJob(shell, job, environment);
  expect(entries.map(({ word }) => word)).toEqual(['begin']);
  expect(isHeld(job.lockFile)).toBe(false);
});

/** Told by the kernel's own table. */
function isHeld(file: string): boolean {
  const { ino } = statSync(file);
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .some((line) => line.includes('FLOCK') && line.includes(`:${ino} `));
}
