import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { loadConfig, type LoadedConfig } from './load.js';
import { TestFolder, thrownBy } from './test-folder.js';

const load = (folder: TestFolder, environment = '', config = '', workingDirectory = '.'): LoadedConfig =>
  loadConfig({ workspace: folder.path, workingDirectory, config }, environment);

const wrongIn = (text: string): string[] => {
  using folder = new TestFolder({ 'homeport.yml': text });
  return thrownBy(() => load(folder));
};

describe('where the config is looked for', () => {
  test('.github/homeport.yml comes first, and its paths are relative to the checkout', () => {
    using folder = new TestFolder({
      '.github/homeport.yml': 'homeport: 1\nproject: first',
      'homeport.yml': 'homeport: 1',
    });
    const { config, root, source } = load(folder);
    expect(config.project).toBe('first');
    expect(root).toBe(folder.path);
    expect(source?.file).toBe('.github/homeport.yml');
  });

  test('homeport.yml in the working directory, to which its paths are relative', () => {
    using folder = new TestFolder({ 'apps/shop/homeport.yml': 'homeport: 1\nproject: shop' });
    const { config, root, source } = load(folder, '', '', 'apps/shop');
    expect(config.project).toBe('shop');
    expect(root).toBe(join(folder.path, 'apps/shop'));
    expect(source?.file).toBe('apps/shop/homeport.yml');
  });

  test('a file by its path', () => {
    using folder = new TestFolder({ 'deploy/shop.yaml': '\uFEFFhomeport: 1\nproject: shop' });
    expect(load(folder, '', 'deploy/shop.yaml').root).toBe(join(folder.path, 'deploy'));
  });

  test.each(['homeport: 1\nproject: shop', '{homeport: 1, project: shop}', '# ours\nhomeport: 1\nproject: shop'])(
    'YAML in the input itself: %j',
    (text) => {
      using folder = new TestFolder();
      const { config, root, source } = load(folder, '', text);
      expect([config.project, root, source?.file]).toEqual(['shop', folder.path, undefined]);
    },
  );

  test('a problem in YAML of the input names its line there', () => {
    using folder = new TestFolder();
    expect(thrownBy(() => load(folder, '', 'homeport: 1\nprojekt: shop'))).toEqual([
      'the input config, line 2, column 1: unknown key "projekt"; did you mean "project"?',
    ]);
  });

  test('none at all is no error here: a small project needs none', () => {
    using folder = new TestFolder();
    const { config, environment, source } = load(folder);
    expect([config.project, environment, source]).toEqual([undefined, undefined, undefined]);
    expect(config.health).toEqual({ timeout: 120_000, stable: 5_000 });
    expect(config.keepReleases).toBe(5);
  });

  test('a path that is not there, with the commonest cause where nothing was checked out', () => {
    using folder = new TestFolder();
    expect(thrownBy(() => load(folder, '', 'gone.yml'))).toEqual([
      'config: there is no file "gone.yml"; did you forget the step actions/checkout before this one?',
    ]);
    folder.write('.git/HEAD', 'ref: refs/heads/main');
    expect(thrownBy(() => load(folder, '', 'gone.yml'))).toEqual(['config: there is no file "gone.yml"']);
    expect(thrownBy(() => load(folder, '', '', 'gone'))).toEqual(['working-directory: there is no folder "gone"']);
  });
});

describe('what a config says', () => {
  test('typed, with defaults, durations in milliseconds, commands as words', () => {
    using folder = new TestFolder({
      'homeport.yml': `
homeport: 1
project: shop
path: /srv/shop
compose: {files: docker-compose.yml, profiles: [full, debug]}
scale: {worker: 2}
ship: nginx/
env-file: .env.production
pull: {db: always}
hooks:
  before-switch:
    - {run: web, command: [python, manage.py, migrate], timeout: 1m30s}
    - {host: 'df -h . && true'}
  after-switch: [{exec: web, command: python manage.py collectstatic --noinput, on-return: rerun}]
  before-rollback: [{run: web, image: leaving, command: [alembic, downgrade, '-1']}]
on-file-change: {nginx: restart, web: ignore}
health: {timeout: 3m, stable: 0}
keep-releases: 3
`,
    });
    expect(load(folder).config).toEqual({
      project: 'shop',
      path: '/srv/shop',
      hosts: [],
      composeFiles: ['docker-compose.yml'],
      profiles: ['full', 'debug'],
      scale: { worker: 2 },
      ship: ['nginx/'],
      envFile: '.env.production',
      envSource: 'checkout',
      drift: 'stop',
      adopt: 'exact',
      pull: { db: 'always' },
      hooks: {
        beforeSwitch: [
          { kind: 'run', service: 'web', command: ['python', 'manage.py', 'migrate'], timeout: 90_000 },
          { kind: 'host', command: ['sh', '-c', 'df -h . && true'], timeout: 600_000 },
        ],
        afterSwitch: [
          {
            kind: 'exec',
            service: 'web',
            command: ['sh', '-c', 'python manage.py collectstatic --noinput'],
            timeout: 600_000,
            onReturn: 'rerun',
          },
        ],
      },
      onFileChange: { nginx: 'restart', web: 'ignore' },
      health: { timeout: 180_000, stable: 0 },
      keepReleases: 3,
    });
  });

  test('anchors, aliases and merge keys', () => {
    using folder = new TestFolder({
      'homeport.yml': `homeport: 1
project: shop
environments:
  a: &a {host: u@a, scale: {web: 2}}
  b: {<<: *a, host: u@b}
`,
    });
    expect(load(folder, 'b').config).toMatchObject({ hosts: ['u@b'], scale: { web: 2 } });
  });

  test('values with ${VAR} are left as they are', () => {
    using folder = new TestFolder({
      'homeport.yml': "homeport: 1\nproject: shop\nnotify: [{webhook: '${SLACK_URL}'}]",
    });
    expect(load(folder).document.notify).toEqual([{ webhook: '${SLACK_URL}' }]);
  });
});

describe('what is wrong is said all at once, with line and column', () => {
  test('by the schema', () => {
    expect(
      wrongIn(`homeport: 2
project: Shop
pth: x
scale: {worker: two}
health: {timeout: 5, stabel: 5s}
compose:
  files: 1.10
hooks:
  before-switch:
    - {run: web, exec: web, command: x}
    - {command: x}
    - {run: web, command: [a, -1]}
on-file-change: {a: recreat, b: {tst: 1}}
pull: {db: allways}
smoke: {checks: [{htp: x}]}
ship:
archive-images: yes
environments:
  prod: {host: a@b, hots: x, scale: {a: -1}, url: shop}
`),
    ).toEqual([
      'homeport.yml:1:11: homeport must be 1, not 2',
      'homeport.yml:2:10: project must be a Compose project name: lowercase letters, digits, "-" and "_", beginning with a letter or a digit, not "Shop"',
      'homeport.yml:3:1: unknown key "pth"; did you mean "path"?',
      'homeport.yml:4:17: scale.worker must be a whole number, not "two"',
      'homeport.yml:5:19: health.timeout must be a duration with its unit, such as 90s, 1m30s or 500ms, not 5',
      'homeport.yml:5:22: unknown key "health.stabel"; did you mean "stable"?',
      'homeport.yml:7:10: compose.files must be text or a list, not 1.1: put it in quotes',
      'homeport.yml:10:7: hooks.before-switch[0] needs exactly one of run, exec, host',
      'homeport.yml:11:7: hooks.before-switch[1] needs exactly one of run, exec, host',
      'homeport.yml:12:31: hooks.before-switch[2].command[1] must be text, not -1: put it in quotes',
      'homeport.yml:13:21: on-file-change.a must be recreate or restart or ignore, not "recreat"; did you mean "recreate"?',
      'homeport.yml:13:34: unknown key "on-file-change.b.tst"; did you mean "test"?',
      'homeport.yml:14:12: pull.db must be auto or always, not "allways"; did you mean "always"?',
      'homeport.yml:15:18: smoke.checks[0] needs exactly one of http, tcp, tls, exec, command, query, compose, logs, resources, disk, backup',
      'homeport.yml:15:19: unknown key "smoke.checks[0].htp"; did you mean "http"?',
      'homeport.yml:16:6: ship is empty: give it a value, or remove it',
      'homeport.yml:17:17: archive-images must be true or false, not "yes"',
      'homeport.yml:19:21: unknown key "environments.prod.hots"; did you mean "host"?',
      'homeport.yml:19:41: environments.prod.scale.a must be 0 or more, not -1',
      'homeport.yml:19:51: environments.prod.url must be an address beginning with https:// or http://, not "shop"',
    ]);
  });

  test('by the rules that no schema can say', () => {
    expect(
      wrongIn(`homeport: 1
project: shop
path: /srv/../etc
hooks:
  after-switch:
    - {exec: web}
    - {host: 'true', command: 'true'}
environments: {a: {path: ~/}, b: {path: /}, c: {path: '/srv/a$b'}}
`),
    ).toEqual([
      'homeport.yml:3:7: path must not contain "..": "/srv/../etc"',
      'homeport.yml:6:7: hooks.after-switch[0] needs a "command"',
      'homeport.yml:7:7: hooks.after-switch[1] says its command with "host" already: remove "command"',
      expect.stringMatching(
        /^homeport.yml:8:26: environments.a.path must be a folder of the project's own on the host, such as/,
      ),
      expect.stringMatching(
        /^homeport.yml:8:41: environments.b.path must be a folder of the project's own on the host, such as/,
      ),
      expect.stringMatching(/^homeport.yml:8:55: path must not contain a quote, a backslash or a dollar/),
    ]);
  });

  test('a key that came by an anchor is found where it is written', () => {
    expect(wrongIn('homeport: 1\nproject: x\npull: &p {db: nope}\nenvironments: {a: {pull: *p}}')).toEqual([
      'homeport.yml:3:15: pull.db must be auto or always, not "nope"',
      'homeport.yml:3:15: environments.a.pull.db must be auto or always, not "nope"',
    ]);
  });

  test.each([
    ['', 'homeport.yml:1:1: the file is empty: give it a value, or remove it'],
    ['project: a', 'homeport.yml:1:1: "homeport" is missing'],
    ['homeport: 1\nproject: a\nproject: b', 'homeport.yml:3:1: Map keys must be unique'],
    ['homeport: 1\n---\nproject: b', /^homeport.yml:2:1: .*document/i],
    ['homeport: 1\nproject: [a', /^homeport.yml:2:12: Flow sequence/],
    ['homeport: !!js/function x', /^homeport.yml:1:11: Unresolved tag/],
    ['homeport: 1\nproject: *nothing', /^homeport.yml:\d+:\d+: Unresolved alias/],
    ['- homeport', 'homeport.yml:1:1: the file must be a map, not a list'],
  ])('text that is no config: %j', (text, message) => {
    expect(wrongIn(text)).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)]);
  });

  test('aliases that multiply are refused', () => {
    const levels = Array.from({ length: 9 }, (_, at) => `  - &l${at + 1} [${Array(9).fill(`*l${at}`).join(', ')}]`);
    expect(wrongIn(`homeport: 1\nship:\n  - &l0 a\n${levels.join('\n')}\n`)).toEqual([
      expect.stringMatching(/^homeport.yml:\d+:\d+: Excessive alias count/),
    ]);
  });
});
