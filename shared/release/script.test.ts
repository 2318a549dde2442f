import { describe, expect, test } from '@jest/globals';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EACH_SHELL, numbered, ScriptHost, text } from '../../test/support/script-host.js';
import { sh, type ShellText } from '../ssh/shell-text.js';
import type { FileChange, Step } from './steps.js';

const stop = (service: string): Step => ({ kind: 'stop', service, containers: [`c-${service}`] });
const hook = (command: ShellText, seconds = 5, title = 'migrate'): Step => ({ kind: 'hook', title, command, seconds });
const wait = (service: string, condition: 'healthy' | 'completed', seconds = 5): Step => ({
  kind: 'wait',
  service,
  condition,
  seconds,
});
const write = (...paths: readonly string[]): FileChange[] => paths.map((path) => ({ path, change: 'write' }));

describe.each(EACH_SHELL)('under $name', ({ shell }) => {
  test('a hook finds a place for each new file that is mounted, and leaves nothing of it behind', () => {
    using host = new ScriptHost();
    host.put('conf/there', text('there'));
    mkdirSync(join(host.path, 'empty'));
    const look = sh`sh -c 'cd "$1" && find conf empty new -type f && echo written >new/written && exit 3' look ${host.path}`;
    const mountPoints = ['conf/there', 'conf/a b', 'empty/x', 'new/deep/y', 'new/written', "it's"];
    host.write(
      numbered({ kind: 'hook', title: 'look', command: look, seconds: 5, mountPoints }),
      host.context('hooks'),
    );
    const { status, output } = host.run('hooks', shell);
    expect({ status, seen: output.split('\n').sort().slice(1) }).toEqual({
      status: 1,
      seen: ['conf/a b', 'conf/there', 'empty/x', 'new/deep/y', 'new/written'],
    });
    expect(host.files).toEqual({ 'conf/there': text('there'), 'new/written': text('written\n') });
    expect(existsSync(join(host.path, 'empty'))).toBe(true);
    expect(existsSync(join(host.path, 'new/deep'))).toBe(false);
    expect(host.facts).toEqual(['begin hooks:1', 'cause hooks:1', 'fail hooks:1']);
    expect(host.journal[1]?.text).toBe('exit code 3');
  });

  test('what a hook that is ended leaves running is taken away, and nothing else', () => {
    using host = new ScriptHost();
    const containers = ['shop-x-hook-1', 'shop-x-hook-10', 'shop-y-hook-1'];
    const leave = sh`sh -c 'touch "$@"; sleep 30' sh ${containers.map((name) => host.docker.leaves(name))}`;
    host.write(
      numbered({ kind: 'hook', title: 'migrate', command: leave, seconds: 1, container: 'shop-x-hook-1' }),
      host.context('hooks'),
    );
    expect(host.run('hooks', shell).status).toBe(1);
    expect(host.facts).toEqual(['begin hooks:1', 'cause hooks:1', 'fail hooks:1']);
    expect(host.docker.oneOffs).toEqual(['shop-x-hook-10', 'shop-y-hook-1']);
    expect(host.docker.calls[0]).toContain(
      '--filter label=com.docker.compose.project=shop --filter label=com.docker.compose.oneoff=True',
    );
    host.write(numbered({ kind: 'remove-hooks', names: 'shop-x-hook-' }), host.context('revert'));
    expect(host.run('revert', shell).status).toBe(0);
    expect(host.docker.oneOffs).toEqual(['shop-y-hook-1']);
  });

  test('a command in a running service is ended there when that can be, and told to go on when not', () => {
    using host = new ScriptHost();
    const inside = (possible: ShellText): Step => ({
      kind: 'hook',
      title: 'cache',
      command: sh`sleep 30`,
      seconds: 1,
      inside: { service: 'web', possible, command: sh`sh -c 'sleep 1; exit 124'` },
    });
    for (const possible of [sh`true`, sh`false`]) {
      host.write(numbered(inside(possible)), host.context('hooks'));
      expect(host.run('hooks', shell).status).toBe(1);
    }
    expect(host.journal.flatMap(({ word, text }) => (word === 'cause' ? text : []))).toEqual([
      'timed out after 1s',
      'timed out after 1s, and may go on inside web, which has no "timeout" to end it',
    ]);
  });

  test.each([
    [
      'the error of the engine',
      'Error response from daemon: port is taken\n Container shop-web-1  Starting\n',
      'Error response from daemon: port is taken',
    ],
    ['else its last line', 'a\n  b  c \r\n\n', 'b  c'],
    ['else nothing', '', undefined],
  ])('why a step failed: %s', (_, printed, cause) => {
    using host = new ScriptHost();
    writeFileSync(host.release.output, 'Error of an earlier step\n');
    writeFileSync(join(host.folder, 'printed'), printed);
    const step: Step = { kind: 'up', services: ['web'], retags: [], force: false, createOnly: false };
    host.write(
      numbered(step),
      host.context('switch', {
        onFailure: 'stop',
        up: () => [sh`cat ${join(host.folder, 'printed')} >>${host.release.output}`, sh`false`],
      }),
    );
    expect(host.run('switch', shell).status).toBe(1);
    expect(host.journal.find(({ word }) => word === 'cause')?.text).toBe(cause);
  });

  test('a container gives its name away and takes it back, or has it still', () => {
    using host = new ScriptHost();
    host.docker.run('old', 'image');
    const containers = ['c-old'];
    host.write(
      numbered(
        { kind: 'stop', service: 'old', containers, renamed: [{ id: 'c-old', name: 'aside' }] },
        { kind: 'start', service: 'old', containers, renamed: [{ id: 'c-old', name: 'old' }] },
        { kind: 'stop-service', service: 'old' },
        { kind: 'stop-service', service: 'absent' },
      ),
      host.context('after'),
    );
    host.docker.mishap('fails', 'rename c-old old');
    expect(host.run('after', shell).status).toBe(0);
    expect(host.docker.deeds).toEqual([
      'stop c-old',
      'rename c-old aside',
      'rename c-old old',
      'start c-old',
      'stop c-old',
    ]);
  });

  test('steps run in order, each with its begin and end in the journal', () => {
    using host = new ScriptHost();
    host.write(numbered(stop('a'), stop('b'), hook(sh`true`)), host.context('switch'));
    expect(host.run('switch', shell)).toEqual({ status: 0, output: '' });
    expect(host.docker.calls).toEqual(['stop c-a', 'stop c-b']);
    expect(host.facts).toEqual([
      'begin switch:1',
      'end switch:1',
      'begin switch:2',
      'end switch:2',
      'begin switch:3',
      'end switch:3',
      'done switch:0',
    ]);
    expect(host.journal.map((entry) => entry.text).slice(0, 2)).toEqual(['stop a', 'stop a']);
    const times = host.journal.map(({ uptime }) => uptime);
    expect(times[0]).toBeGreaterThan(0);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(host.decision).toBeUndefined();
  });

  test('a failed step turns back: exactly what had begun is mirrored, by the one decision', () => {
    using host = new ScriptHost();
    host.docker.mishap('fails', 'stop c-b');
    host.write(numbered(stop('a'), stop('b'), stop('c')), host.context('switch'));
    const mirror = ['a', 'b', 'c'].map((service, index) => ({
      number: index + 1,
      step: { kind: 'restart', service, containers: [service] } as const,
      onlyIfBegun: index + 1,
    }));
    host.write([...mirror, { number: 4, step: stop('always') }], host.context('revert'));
    expect(host.run('switch', shell).status).toBe(1);
    expect(host.docker.calls.slice(2).map((call) => call.split(' ').at(-1))).toEqual(['a', 'b', 'c-always']);
    expect(host.facts).toEqual([
      'begin switch:1',
      'end switch:1',
      'begin switch:2',
      'fail switch:2',
      'turn-back switch:0',
      'begin revert:1',
      'fail revert:1',
      'begin revert:2',
      'fail revert:2',
      'begin revert:4',
      'end revert:4',
      'done revert:0',
    ]);
    expect(host.decision).toBe('reverting');
  });

  test('a revert goes on after a failed step and counts it', () => {
    using host = new ScriptHost();
    host.docker.mishap('fails', 'stop c-a');
    host.write(numbered(stop('a'), stop('b')), host.context('revert'));
    expect(host.run('revert', shell).status).toBe(1);
    expect(host.docker.calls).toEqual(['stop c-a', 'stop c-b']);
    expect(host.journal.at(-1)).toMatchObject({ word: 'done', job: 'revert', text: '1 failed' });
  });

  test.each([
    ['reverting', ['stop c-a', 'stop c-back']],
    ['confirmed', ['stop c-a']],
  ] as const)('what is decided meanwhile ends it before the next step: %s', (decision, calls) => {
    using host = new ScriptHost();
    const decide = sh`ln ${`${host.release.directory}/decision.${decision}`} ${host.release.decision}`;
    host.write(numbered(stop('a'), hook(decide), stop('never')), host.context('switch'));
    host.write([{ number: 1, step: stop('back'), onlyIfBegun: 1 }], host.context('revert'));
    expect(host.run('switch', shell).status).toBe(1);
    expect(host.docker.calls).toEqual(calls);
    expect(host.facts.slice(4, 6)).toEqual(['decided switch:3', 'turn-back switch:0']);
    expect(host.decision).toBe(decision);
  });

  test('decided while its last step was at work, it goes back too', () => {
    using host = new ScriptHost();
    const decide = sh`ln ${`${host.release.directory}/decision.reverting`} ${host.release.decision}`;
    host.write(numbered(stop('a'), hook(decide)), host.context('switch'));
    host.write([{ number: 1, step: stop('back'), onlyIfBegun: 1 }], host.context('revert'));
    expect(host.run('switch', shell).status).toBe(1);
    expect(host.docker.calls).toEqual(['stop c-a', 'stop c-back']);
    expect(host.facts.slice(4, 6)).toEqual(['decided switch:0', 'turn-back switch:0']);
  });

  test('without turning back it stops where it is', () => {
    using host = new ScriptHost();
    host.docker.mishap('fails-late', 1);
    host.write(numbered(stop('a'), stop('b')), host.context('switch', { onFailure: 'stop' }));
    host.write(numbered(stop('never')), host.context('revert'));
    expect(host.run('switch', shell).status).toBe(1);
    expect(host.docker.calls).toEqual(['stop c-a']);
    expect(host.facts).toEqual(['begin switch:1', 'fail switch:1']);
    expect(host.decision).toBeUndefined();
  });

  test('a lost lock stops before the next step, and the host still returns', () => {
    using host = new ScriptHost();
    const lock = { tokenFile: host.layout.lockToken, token: "mine's" };
    writeFileSync(lock.tokenFile, lock.token);
    host.write(
      numbered(stop('a'), hook(sh`cp /dev/null ${lock.tokenFile}`), stop('b')),
      host.context('switch', { lock }),
    );
    host.write(
      [
        { number: 1, step: stop('back'), onlyIfBegun: 1 },
        { number: 2, step: stop('never'), onlyIfBegun: 3 },
      ],
      host.context('revert'),
    );
    expect(host.run('switch', shell).status).toBe(1);
    expect(host.docker.calls).toEqual(['stop c-a', 'stop c-back']);
    expect(host.facts.slice(4)).toEqual([
      'lost-lock switch:3',
      'turn-back switch:0',
      'begin revert:1',
      'end revert:1',
      'done revert:0',
    ]);
  });

  test('what cannot be journalled is not begun: nothing would take it back', () => {
    using host = new ScriptHost();
    mkdirSync(host.release.journal);
    host.write(numbered(stop('a')), host.context('switch'));
    host.write([], host.context('revert'));
    const { status, output } = host.run('switch', shell);
    expect(status).toBe(1);
    expect(output).toContain('the journal cannot be written');
    expect(host.docker.calls).toEqual([]);
    expect(host.decision).toBe('reverting');
  });

  test('a revert does its work though it cannot write its journal', () => {
    using host = new ScriptHost();
    mkdirSync(host.release.journal);
    host.write(numbered(stop('a'), stop('b')), host.context('revert'));
    expect(host.run('revert', shell).status).toBe(0);
    expect(host.docker.calls).toEqual(['stop c-a', 'stop c-b']);
  });

  test('a step is not taken for another one whose number it begins with, nor for a title that looks like a fact', () => {
    using host = new ScriptHost();
    const title = 'host echo 1 begin switch:2 x \\n2.0 begin switch:3 y\\c';
    host.write(
      [
        { number: 1, step: hook(sh`true`, 5, title) },
        { number: 10, step: hook(sh`true`) },
      ],
      host.context('hooks'),
    );
    expect(host.run('hooks', shell).status).toBe(0);
    writeFileSync(host.release.journal, readFileSync(host.release.journal, 'utf8').replaceAll('hooks:10', 'switch:10'));
    expect(host.journal[0]?.text).toBe(`hook ${title}`);
    host.write(
      [1, 2, 3, 10].map((number) => ({ number, step: stop(String(number)), onlyIfBegun: number })),
      host.context('revert'),
    );
    expect(host.run('revert', shell).status).toBe(0);
    expect(host.docker.calls).toEqual(['stop c-10']);
  });

  test('a line that a power cut left without its end does not swallow the next one', () => {
    using host = new ScriptHost();
    writeFileSync(host.release.journal, '12.30 begin swi');
    host.write([], host.context('revert'));
    expect(host.run('revert', shell).status).toBe(0);
    expect(host.facts).toEqual(['done revert:0']);
  });

  test('files are installed and put back byte for byte, with their modes', () => {
    using host = new ScriptHost();
    const odd = ["it's a file", 'a "b" $HOME `id`', 'deep/er/est.conf', 'new\nline', '-rf', 'back\\slash', '*'];
    for (const path of odd) host.stage(path, text(`new ${path}\0\xff`, 0o640));
    for (const path of odd.slice(0, 3)) host.put(path, text(`old ${path}`, 0o755));
    host.put('gone/for good', text('gone', 0o600));
    host.put('untouched', text('untouched', 0o604));
    host.put('to-link', text('was a file'));
    host.stage('to-link', { link: 'untouched' });
    host.put('from-link', { link: 'untouched' });
    host.stage('from-link', text('is a file'));
    host.put('folder/in it', text('in it'));
    host.put('folder-link', { link: 'folder' });
    host.stage('folder-link', text('was a link to a folder'));
    const changes: FileChange[] = [
      { path: 'gone/for good', change: 'remove' },
      ...write(...odd, 'to-link', 'from-link', 'folder-link'),
    ];
    const before = host.files;
    host.keep(changes);
    host.write(numbered({ kind: 'install', changes }, stop('a')), host.context('switch'));
    host.write(
      [{ number: 1, step: { kind: 'restore', as: 'before', changes: [...changes].reverse() }, onlyIfBegun: 1 }],
      host.context('revert'),
    );
    expect(host.run('switch', shell)).toEqual({ status: 0, output: '' });
    const rest = Object.fromEntries(Object.entries(before).filter(([path]) => path !== 'gone/for good'));
    expect(host.files).toEqual({
      ...rest,
      ...Object.fromEntries(odd.map((path) => [path, text(`new ${path}\0\xff`, 0o640)])),
      'to-link': { link: 'untouched' },
      'from-link': text('is a file'),
      'folder-link': text('was a link to a folder'),
    });
    expect(host.run('revert', shell)).toEqual({ status: 0, output: '' });
    expect(host.files).toEqual(before);
  });

  test('a file becomes a folder, a folder a file, and back', () => {
    using host = new ScriptHost();
    host.put('conf', text('file'));
    host.put('dir/part', text('part'));
    host.stage('conf/part', text('part of conf'));
    host.stage('dir', text('dir is a file'));
    const changes: FileChange[] = [
      { path: 'conf', change: 'remove' },
      { path: 'dir/part', change: 'remove' },
      ...write('conf/part', 'dir'),
    ];
    const before = host.files;
    host.keep(changes);
    host.write(numbered({ kind: 'install', changes }), host.context('switch'));
    host.write(numbered({ kind: 'restore', as: 'before', changes: [...changes].reverse() }), host.context('revert'));
    expect(host.run('switch', shell)).toEqual({ status: 0, output: '' });
    expect(host.files).toEqual({ 'conf/part': text('part of conf'), dir: text('dir is a file') });
    expect(host.run('revert', shell)).toEqual({ status: 0, output: '' });
    expect(host.files).toEqual(before);
  });

  test('a folder with data in it is not replaced by a file', () => {
    using host = new ScriptHost();
    host.put('data/rows', text('rows'));
    host.stage('data', text('file'));
    host.write(numbered({ kind: 'install', changes: write('data') }), host.context('switch', { onFailure: 'stop' }));
    const { status, output } = host.run('switch', shell);
    expect(status).toBe(1);
    expect(output).toContain('data is a folder on the host, and not an empty one');
    expect(host.files).toEqual({ 'data/rows': text('rows') });
  });

  test('several names are moved side by side, and one that fails fails the step', () => {
    using host = new ScriptHost();
    const retags = ['a:1', 'b:1', 'c:1'].map((reference) => ({ reference, id: `sha256:${reference}` }));
    host.docker.name('old:1', 'sha256:old');
    const step: Step = {
      kind: 'retag',
      retags: [...retags, { reference: 'old:1', id: undefined }, { reference: 'absent:1', id: undefined }],
    };
    host.write(numbered(step), host.context('switch', { onFailure: 'stop' }));
    expect(host.run('switch', shell).status).toBe(0);
    const names = Object.fromEntries(retags.map(({ reference, id }) => [reference, id]));
    expect(host.docker.snapshot['names']).toEqual(names);
    expect([...host.docker.calls].sort()).toEqual(
      ['rmi absent:1', 'rmi old:1', 'tag sha256:a:1 a:1', 'tag sha256:b:1 b:1', 'tag sha256:c:1 c:1'].sort(),
    );

    for (const reference of ['a:1', 'b:1', 'c:1']) {
      host.docker.noMishap();
      host.docker.mishap('fails', ` ${reference}`);
      rmSync(host.release.journal);
      expect(host.run('switch', shell).status).toBe(1);
      expect(host.facts).toEqual(['begin switch:1', 'fail switch:1']);
    }
  });

  test.each([
    ['healthy at last', 'healthy', ['running/starting/0', 'restarting/none/1', 'running/healthy/0'], 0],
    ['without a health check', 'healthy', ['created/none/0', 'running/none/0'], 0],
    ['unhealthy', 'healthy', ['running/starting/0', 'running/unhealthy/0', 'running/healthy/0'], 1],
    ['exited', 'healthy', ['exited/none/0', 'running/healthy/0'], 1],
    ['dead', 'healthy', ['dead/none/137', 'running/healthy/0'], 1],
    ['completed', 'completed', ['running/none/0', 'exited/none/0'], 0],
    ['completed badly', 'completed', ['running/none/0', 'exited/none/3'], 1],
    ['one of two replicas unhealthy', 'healthy', ['running/healthy/0 running/unhealthy/0', 'running/healthy/0'], 1],
    [
      'the second replica later',
      'healthy',
      ['running/healthy/0 running/starting/0', 'running/healthy/0 running/healthy/0'],
      0,
    ],
  ] as const)('waits for a service: %s', (_, condition, looks, status) => {
    using host = new ScriptHost();
    host.docker.run('db', 'image');
    host.docker.states('db', ...looks);
    host.write(numbered(wait('db', condition)), host.context('switch', { onFailure: 'stop' }));
    const result = host.run('switch', shell);
    expect(result.status).toBe(status);
    if (status === 1) expect(result.output).toMatch(/last words of c-db\ndb is \S+/);
    else expect(host.docker.calls.filter((call) => call.startsWith('inspect'))).toHaveLength(looks.length);
  });

  test('waits no longer than it may', () => {
    using host = new ScriptHost();
    host.docker.run('db', 'image');
    host.docker.states('db', 'running/starting/0');
    host.write(numbered(wait('db', 'healthy', 1)), host.context('switch', { onFailure: 'stop' }));
    const begun = performance.now();
    expect(host.run('switch', shell)).toMatchObject({
      status: 1,
      output: expect.stringContaining('db was not healthy within 1 s'),
    });
    expect(performance.now() - begun).toBeLessThan(60_000);
  });

  test('a hook ends at its limit', () => {
    const kind = shell[0] === 'busybox' ? 'busybox' : 'coreutils';
    using host = new ScriptHost();
    const marker = join(host.folder, 'went on');
    // Only the timeout of coreutils ends what a hook itself started.
    const command = kind === 'busybox' ? sh`sleep 30` : sh`sh -c 'sleep 30; touch "$1"' sh ${marker}`;
    host.write(numbered(hook(command, 1), stop('never')), host.context('hooks'));
    const begun = performance.now();
    expect(host.run('hooks', shell, toolPath(host, kind)).status).toBe(1);
    expect(performance.now() - begun).toBeLessThan(25_000);
    expect(host.facts).toEqual(['begin hooks:1', 'cause hooks:1', 'fail hooks:1']);
    expect(host.journal[1]?.text).toBe('timed out after 1s');
    expect(host.docker.calls).toEqual([]);
    expect(existsSync(marker)).toBe(false);
  });

  test.each(['coreutils', 'busybox'] as const)(
    'a hook keeps its arguments and its exit status with the timeout of %s',
    (kind) => {
      using host = new ScriptHost();
      const words = ["it's", '', '$HOME', 'a  b', '-k'];
      host.write(
        numbered(hook(sh`env -i PATH=${'/usr/bin:/bin'} printf '<%s>' ${words}`), hook(sh`sh -c 'exit 7'`)),
        host.context('hooks'),
      );
      const { status, output } = host.run('hooks', shell, toolPath(host, kind));
      expect(output).toBe(words.map((word) => `<${word}>`).join(''));
      expect(status).toBe(1);
      expect(host.facts).toEqual(['begin hooks:1', 'end hooks:1', 'begin hooks:2', 'cause hooks:2', 'fail hooks:2']);
      expect(host.journal[3]?.text).toBe('exit code 7');
    },
  );

  test('a first deploy is taken away: containers, names, networks', () => {
    using host = new ScriptHost();
    host.docker.run('web', 'image');
    host.docker.addNetwork('shop_default');
    host.write(
      numbered(
        { kind: 'remove-service', service: 'web' },
        { kind: 'remove-service', service: 'absent' },
        { kind: 'remove-network', network: 'shop_default' },
        { kind: 'remove-network', network: 'shop_absent' },
      ),
      host.context('revert'),
    );
    expect(host.run('revert', shell).status).toBe(0);
    expect(host.docker.snapshot).toMatchObject({ running: {}, networks: {} });
    expect(host.docker.deeds).toEqual(['rm -f c-web', 'network rm shop_default', 'network rm shop_absent']);
  });
});

test('only other services of the same project are asked for', () => {
  using host = new ScriptHost();
  host.write(numbered({ kind: 'remove-service', service: 'web' }), host.context('revert'));
  host.run('revert');
  expect(host.docker.calls[0]).toBe(
    'ps -aq --filter label=com.docker.compose.project=shop --filter label=com.docker.compose.service=web --filter label=com.docker.compose.oneoff=False',
  );
});

test('an up names its images first, then brings up, with force and create as asked', () => {
  using host = new ScriptHost();
  host.put('stack', text('a app:1\nb app:2\n'));
  const up: Step = {
    kind: 'up',
    services: ['a', 'b'],
    retags: [{ reference: 'app:1', id: 'one' }],
    force: true,
    createOnly: true,
  };
  host.docker.name('app:2', 'two');
  host.write(numbered(up), host.context('switch'));
  expect(host.run('switch')).toEqual({ status: 0, output: '' });
  expect(host.docker.calls).toEqual(['tag one app:1', 'up --force-recreate --no-start -- a b']);
  expect(host.docker.snapshot).toMatchObject({ stopped: { a: 'one', b: 'two' } });
});

test('a script without steps is done', () => {
  using host = new ScriptHost();
  host.write([], host.context('switch'));
  expect(host.run('switch')).toEqual({ status: 0, output: '' });
  expect(host.facts).toEqual(['done switch:0']);
});

/** A PATH on which `timeout` is the one of this kind. */
function toolPath(host: ScriptHost, kind: 'coreutils' | 'busybox'): Record<string, string> {
  if (kind === 'coreutils') return {};
  const bin = join(host.folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'timeout'), '#!/bin/sh\nexec busybox timeout "$@"\n');
  chmodSync(join(bin, 'timeout'), 0o755);
  expect(statSync(join(bin, 'timeout')).mode & 0o111).not.toBe(0);
  return { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
}
