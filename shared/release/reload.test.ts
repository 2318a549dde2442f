import { describe, expect, test } from '@jest/globals';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { container, serviceModel } from '../../test/support/stack.js';
import { EACH_SHELL, numbered, ScriptHost, text, type Shell } from '../../test/support/script-host.js';
import { sh } from '../ssh/shell-text.js';
import { fileReaction } from './file-reaction.js';
import { revertSteps } from './revert.js';
import type { Step } from './steps.js';
import { switchSteps, type SwitchInput } from './switch.js';

const signalOf = (image: string) =>
  fileReaction(serviceModel('proxy', { image }), undefined, ['/x']).signal ?? { name: '' };
const step = (image = 'nginx'): Step => ({
  kind: 'signal',
  service: 'proxy',
  containers: ['c-proxy'],
  signal: signalOf(image),
});

/** Its master is 7, its first worker 8; a check of health runs the same program. `as`: what a signal does to it. */
function playing(
  as: string,
  program: string,
  start: Step,
  shell: Shell,
  work: (host: ScriptHost, said: string, status: number | null) => void,
): void {
  using host = new ScriptHost();
  const docker = join(host.folder, 'proxy');
  const state = join(host.folder, 'state');
  writeFileSync(state, '8\n');
  writeFileSync(`${state}.log`, '2026 [emerg] an older one\n');
  writeFileSync(docker, `#!/bin/sh
state='${state.replaceAll("'", "'\\''")}'
echo "$*" >>"$state.calls"
case $1 in
  top) printf '%s\\n' 'PID PPID COMMAND' "7 1 ${program}" "$(cat "$state") 7 ${program}" "$$ 3 ${program}" ;;
  logs) cat "$state.log" ;;
  kill) case ${as} in
    takes) echo 9 >"$state" ;;
    tells) echo 'Completed loading of configuration file' >>"$state.log" ;;
    refuses) echo 'nginx: [emerg] no such thing' >>"$state.log"; echo 'Error reloading config' >>"$state.log" ;;
  esac ;;
esac
`); // prettier-ignore
  chmodSync(docker, 0o700);
  const context = host.context('switch', { docker: sh`${docker}`, onFailure: 'stop' });
  // Seconds pass at once where nothing would ever happen.
  host.write(numbered(start), context);
  const file = `${host.release.directory}/switch`;
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(
      'pause() {',
      'pause() { clock=$((clock + 5)); return; }\nclock=0\nseconds() { echo "$clock"; }\nunused() {',
    ),
  );
  const { status } = host.run('switch', shell);
  work(host, readFileSync(`${state}.calls`, 'utf8'), status);
}

describe.each(EACH_SHELL)('$name', ({ shell }) => {
  test.each([
    ['nginx', 'takes', 0, false],
    ['nginx', 'refuses', 1, false],
    ['nginx', 'sleeps', 0, true],
    ['prometheus', 'tells', 0, false],
    ['prometheus', 'refuses', 1, false],
  ])('%s that %s', (program, as, expected, restarted) => {
    playing(as, program, step(program), shell, (host, calls, status) => {
      expect(status).toBe(expected);
      expect(calls).toContain('kill -s HUP c-proxy\n');
      expect(calls.includes('restart c-proxy')).toBe(restarted);
      const cause = host.journal.find(({ word }) => word === 'cause')?.text ?? '';
      if (expected === 1) expect(cause).toMatch(/^proxy goes on with its old files: .*(no such thing|Error reloading)/);
    });
  });

  test('one that only looks up addresses again is not restarted, and is no part of a way back', () => {
    const follower = { ...step(), follows: ['web'] };
    playing('sleeps', 'nginx', follower, shell, (_, calls, status) => {
      expect(status).toBe(0);
      expect(calls).not.toContain('restart');
    });
    playing('refuses', 'nginx', follower, shell, (_, __, status) => {
      expect(status).toBe(1);
    });
    using host = new ScriptHost();
    host.write(numbered(follower), host.context('revert', { docker: sh`false` }));
    expect(host.run('revert', shell).status).toBe(0);
    expect(host.journal.map(({ word }) => word)).toContain('unmet');
  });

  test('a file that a container mounts by itself stays the same file, there and back', () => {
    using host = new ScriptHost();
    const changes = [{ path: 'nginx.conf', change: 'write', inPlace: true } as const];
    const inode = (): number => statSync(join(host.path, 'nginx.conf')).ino;
    host.put('nginx.conf', text('old', 0o400));
    host.stage('nginx.conf', text('new', 0o644));
    host.keep(changes);
    const before = inode();
    host.write(numbered({ kind: 'install', changes }), host.context('switch'));
    expect(host.run('switch', shell).status).toBe(0);
    expect(host.files).toEqual({ 'nginx.conf': text('new', 0o644) });
    host.write(numbered({ kind: 'restore', changes, as: 'shipped' }), host.context('revert'));
    expect(host.run('revert', shell).status).toBe(0);
    expect(host.files).toEqual({ 'nginx.conf': text('old', 0o400) });
    expect(inode()).toBe(before);
    expect(existsSync(join(host.path, 'nginx.conf.homeport-new'))).toBe(false);
  });
});

test('what is told comes last, and hears it again on the way back', () => {
  const service = (name: string, more: object) => ({
    service: name, reasons: [], wanted: { reference: `${name}:1`, id: name }, containers: [container(name)], dependsOn: {}, ports: [], portsBefore: [], containerName: undefined, ...more,
  }); // prettier-ignore
  const input = {
    services: new Map([
      ['proxy', service('proxy', { action: 'signal', signal: signalOf('nginx') })],
      ['web', service('web', { action: 'recreate', reasons: ['image'] })],
    ]),
    levels: [['proxy'], ['web']],
    files: [{ path: 'nginx.conf', change: 'write', inPlace: true }],
    changedNetworks: [],
    healthTimeout: 1000,
    hooks: [],
  } as unknown as SwitchInput;
  const switched = switchSteps(input);
  expect(switched.map((one) => one.step.kind)).toEqual(['install', 'up', 'signal']);
  const back = revertSteps({ ...input, previous: undefined, namesBefore: new Map(), newNetworks: [] }, switched);
  expect(back.at(-1)).toMatchObject({ step: step(), onlyIfBegun: 3 });
  expect(back.findIndex((one) => one.step.kind === 'restore')).toBeLessThan(back.length - 1);
});
