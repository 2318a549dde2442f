import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { figuresOf, type JestReport } from '../../script/figures.js';
import { inRoot } from './files.js';

const report = (given: Partial<JestReport>): JestReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  testResults: [],
  ...given,
});

describe('the figures of a ring', () => {
  test('skipped tests are never counted as passed', () => {
    const figures = figuresOf(report({ numPassedTests: 3, numPendingTests: 2, numTodoTests: 1 }), 0, false);
    expect(figures).toEqual({ passed: 3, failed: 0, skipped: 3, details: [] });
  });

  test('a file that cannot be loaded is a failure, and shown', () => {
    const file = { name: 'x.test.js', status: 'failed', message: 'Cannot find module' };
    const figures = figuresOf(
      report({ numPassedTests: 3, numRuntimeErrorTestSuites: 1, testResults: [file] }),
      1,
      false,
    );
    expect(figures).toEqual({ passed: 3, failed: 1, skipped: 0, details: ['x.test.js\nCannot find module'] });
  });

  test('a ring that does not start is a failure', () => {
    expect(figuresOf(undefined, 1, true).failed).toBe(1);
  });

  test('a red end without a failing test is a failure', () => {
    expect(figuresOf(report({ numPassedTests: 3 }), 1, false)).toMatchObject({ passed: 3, failed: 1 });
  });

  test('a ring without a test is a failure, unless a pattern was given', () => {
    expect(figuresOf(report({}), 0, false).failed).toBe(1);
    expect(figuresOf(report({}), 0, true).failed).toBe(0);
  });

  test('the last line is for script/test to add up', () => {
    const folder = mkdtempSync(join(tmpdir(), 'figures-'));
    const file = join(folder, 'report.json');
    writeFileSync(file, JSON.stringify(report({ numPassedTests: 2, numFailedTests: 1, numPendingTests: 4 })));
    const script = inRoot('build/script/figures.js');
    const said = spawnSync(process.execPath, [script, 'unit', file, '1', '7', ''], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(said.stdout.trimEnd().split('\n').slice(-2)).toEqual(['unit: 2 passed, 1 failed, 4 skipped (7 s)', '2 1 4']);
  });
});
