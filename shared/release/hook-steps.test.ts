import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { sh } from '../ssh/shell-text.js';
import { hookStep, hookTitle, type HookTask } from './hook-steps.js';

const place = {
  path: "/srv/it's",
  compose: (args: readonly string[]) => sh`printf '<%s>' compose ${args}`,
  call: { project: 'shop', directory: '/srv', files: ['/srv/hook.json'] },
  container: 'shop-x-hook-1',
  environment: sh`A=${"it's"} PATH=${process.env['PATH'] ?? ''}`,
};

function words(hook: HookTask): string[] {
  const step = hookStep(hook, place);
  if (step.kind !== 'hook') throw new Error(step.kind);
  return [...spawnSync('sh', { input: step.command.text, encoding: 'utf8' }).stdout.matchAll(/<([^>]*)>/g)].map(
    ([, word]) => word ?? '',
  );
}

const odd = ['sh', '-c', 'echo "$HOME" && it\'s', ''];

test.each([
  ['run' as const, ['run', '--rm', '--no-deps', '-T', '--name', 'shop-x-hook-1', 'web']],
  ['exec' as const, ['exec', '-T', 'web']],
])('%s', (kind, expected) => {
  expect(words({ kind, service: 'web', command: odd, timeout: 1 })).toEqual([
    'compose',
    '-p',
    'shop',
    '--project-directory',
    '/srv',
    '-f',
    '/srv/hook.json',
    ...expected,
    ...odd,
  ]);
});

test('host: in the folder of the project, with what docker needs and no more', () => {
  const step = hookStep(
    { kind: 'host', command: ['sh', '-c', 'pwd; env | grep -c SECRET; echo "$A" "$1"', 'sh', "an arg's"], timeout: 1 },
    { ...place, path: '/' },
  );
  if (step.kind !== 'hook') throw new Error(step.kind);
  const { stdout } = spawnSync('sh', {
    input: step.command.text,
    encoding: 'utf8',
    env: { ...process.env, SECRET: 'x' },
  });
  expect(stdout).toBe(`/\n0\nit's an arg's\n`);
});

test('a title is one line, a limit at least one second', () => {
  const hook: HookTask = { kind: 'run', service: 'web', command: ['sh', '-c', 'a\n  b'], timeout: 1 };
  expect(hookTitle(hook)).toBe('run web sh -c a b');
  expect(hookTitle({ kind: 'host', command: ['a'], timeout: 1 })).toBe('host a');
  expect(hookStep(hook, place)).toMatchObject({ kind: 'hook', seconds: 1, title: 'run web sh -c a b' });
  expect(hookStep({ ...hook, timeout: 90_001 }, place)).toMatchObject({ seconds: 91 });
});
