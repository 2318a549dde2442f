import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { findShipment } from './finder.js';
import type { Shipment, ShipmentRequest } from './shipment.js';
import { TestCheckout, type Content } from './test-checkout.js';

type Files = Readonly<Record<string, Content>>;

async function find(files: Files, request: Partial<ShipmentRequest> = {}): Promise<Shipment> {
  using checkout = new TestCheckout(files);
  return await findShipment({ root: checkout.root, composeFiles: [], ship: [], env: {}, profiles: [], ...request });
}

/** Paths of what is shipped beside the compose file itself. */
async function shipped(compose: string, files: Files, request: Partial<ShipmentRequest> = {}): Promise<string[]> {
  const found = await find({ 'docker-compose.yml': compose, ...files }, request);
  return found.files.map(({ path }) => path).filter((path) => path !== 'docker-compose.yml');
}

async function problems(files: Files, request: Partial<ShipmentRequest> = {}): Promise<string[]> {
  using checkout = new TestCheckout(files);
  try {
    await findShipment({ root: checkout.root, composeFiles: [], ship: [], env: {}, profiles: [], ...request });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message.replaceAll(checkout.root, 'ROOT').split('\n');
  }
  return [];
}

const service = (yaml: string): string => `services:\n  web:\n    image: nginx\n${yaml.replace(/^/gm, '    ')}\n`;

describe('which compose files', () => {
  const empty = 'services: {}\n';

  test.each<[string, string[], string[]]>([
    ['the first default name', ['docker-compose.yml', 'compose.yaml', 'compose.yml'], ['compose.yaml']],
    ['the older name', ['docker-compose.yaml'], ['docker-compose.yaml']],
    [
      'an override beside it',
      ['docker-compose.yml', 'docker-compose.override.yml'],
      ['docker-compose.yml', 'docker-compose.override.yml'],
    ],
    [
      'an override of the other name',
      ['compose.yml', 'docker-compose.override.yaml'],
      ['compose.yml', 'docker-compose.override.yaml'],
    ],
  ])('%s', async (_what, names, picked) => {
    const found = await find(Object.fromEntries(names.map((name) => [name, empty])));
    expect(found.composeFiles).toEqual(picked);
    expect(found.files.map(({ path }) => path)).toEqual([...picked].sort());
  });

  test('named ones, without any override', async () => {
    const files = { 'docker-compose.yml': empty, 'docker-compose.override.yml': empty, 'prod.yml': empty };
    const found = await find(files, { composeFiles: ['docker-compose.yml', './prod.yml'] });
    expect(found.composeFiles).toEqual(['docker-compose.yml', 'prod.yml']);
  });

  test('those of COMPOSE_FILE in the stack’s environment', async () => {
    const found = await find({ 'a.yml': empty, 'b.yml': empty }, { env: { COMPOSE_FILE: 'a.yml:b.yml' } });
    expect(found.composeFiles).toEqual(['a.yml', 'b.yml']);
  });

  test('one in a folder: that is the project directory, and paths start there', async () => {
    const compose = service('volumes: [./nginx.conf:/x, ./data:/data, "${PWD}/top.conf:/y"]\nenv_file: [.env]');
    const found = await find(
      { 'deploy/docker-compose.yml': compose, 'deploy/nginx.conf': 'n', 'nginx.conf': 'no', 'top.conf': '' },
      { composeFiles: ['deploy/docker-compose.yml'] },
    );
    expect(found.projectDirectory).toBe('deploy');
    expect(found.files.map(({ path }) => path)).toEqual(['deploy/docker-compose.yml', 'deploy/nginx.conf', 'top.conf']);
    expect(found.dataFolders).toEqual(['deploy/data']);
    expect(found.envFileReaders).toEqual([{ service: 'web', path: 'deploy/.env', raw: false }]);
  });

  test('none is one clear error', async () => {
    expect(await problems({})).toEqual([
      'there is no compose file in the checkout: none of compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml. Name yours in compose.files, or did you forget the checkout step?',
    ]);
    expect(await problems({}, { composeFiles: ['prod.yml', 'more.yml'] })).toEqual([
      'there is no compose file prod.yml in the checkout',
      'there is no compose file more.yml in the checkout',
    ]);
  });
});

describe('a shipped file', () => {
  test('is known by path, place, size, hash, and the executable bit', async () => {
    using checkout = new TestCheckout({
      'docker-compose.yml': service('volumes: [./bin:/bin]'),
      'bin/run': { text: '#!/bin/sh\n', mode: 0o775 },
      'bin/data': { text: 'é', mode: 0o664 },
      'bin/secret': { text: 's', mode: 0o600 },
    });
    const { files } = await findShipment({ root: checkout.root, composeFiles: [], ship: [], env: {}, profiles: [] });
    expect(files.find(({ path }) => path === 'bin/run')).toEqual({
      path: 'bin/run',
      file: join(checkout.root, 'bin/run'),
      mode: 0o755,
      size: 10,
      sha256: createHash('sha256').update('#!/bin/sh\n').digest('hex'),
    });
    expect(files.find(({ path }) => path === 'bin/data')).toMatchObject({ mode: 0o644, size: 2 });
    expect(files.find(({ path }) => path === 'bin/secret')).toMatchObject({ mode: 0o600 });
  });
});

describe('bind mounts', () => {
  const files = { 'nginx/nginx.conf': 'n', 'nginx/sites/a': 'a', 'one.conf': '1', 'other/x': 'x' };
  const all = ['nginx/nginx.conf', 'nginx/sites/a'];

  test.each<[string, string, string[]]>([
    ['a folder', '[./nginx:/etc/nginx:ro]', all],
    ['a folder with a slash', '[./nginx/:/etc/nginx]', all],
    ['a file', '[./one.conf:/x]', ['one.conf']],
    ['long syntax', '[{type: bind, source: ./nginx, target: /x}]', all],
    ['long syntax without ./', '[{type: bind, source: one.conf, target: /x}]', ['one.conf']],
    ['from PWD', '["${PWD}/one.conf:/x", "$PWD/other:/y"]', ['one.conf', 'other/x']],
    ['from a variable', '["${CONF}:/x"]', ['one.conf']],
    ['a named volume', '[nginx:/x, "data:/y"]', []],
    ['a named volume, long', '[{type: volume, source: nginx, target: /x}]', []],
    ['an anonymous volume', '[/x, "./nginx"]', []],
    ['absolute', '[/etc/localtime:/etc/localtime:ro, "/nginx:/y"]', []],
    ['of a home', '[~/nginx:/x, "${HOME}/nginx:/y"]', []],
  ])('%s', async (_what, volumes, expected) => {
    const found = await find(
      { 'docker-compose.yml': service(`volumes: ${volumes}`), ...files },
      { env: { CONF: './one.conf' } },
    );
    expect(found.files.map(({ path }) => path).filter((path) => path !== 'docker-compose.yml')).toEqual(expected);
    expect(found.dataFolders).toEqual([]);
  });

  test('a source that is not in the checkout is a data folder of the host', async () => {
    const found = await find({
      'docker-compose.yml': service(
        'volumes: [./data/db:/var/lib/postgresql, {type: bind, source: media, target: /m}, ./empty:/e]',
      ),
      'empty/': '',
    });
    expect(found.dataFolders).toEqual(['data/db', 'empty', 'media']);
    expect(found.files.map(({ path }) => path)).toEqual(['docker-compose.yml']);
  });

  test('a volume of the local driver that is a bind', async () => {
    const compose =
      'services: {}\nvolumes:\n  a: {driver: local, driver_opts: {type: none, o: bind, device: ./nginx}}\n  b: {driver_opts: {o: bind, device: ./gone, type: none}}\n  c:\n';
    const found = await find({ 'docker-compose.yml': compose, ...files });
    expect(found.files.map(({ path }) => path)).toEqual(['docker-compose.yml', ...all]);
    expect(found.dataFolders).toEqual(['gone']);
  });

  test('a whole checkout goes without .env, .git and .homeport, at any depth', async () => {
    const paths = await shipped(service('volumes: [.:/app]'), {
      'src/a': '',
      '.env': 'SECRET=1',
      'app/.env': 'SECRET=2',
      'app/.env.example': '',
      '.git/config': 'token',
      'sub/.git': 'gitdir: x',
      '.homeport/x': '',
    });
    expect(paths).toEqual(['app/.env.example', 'src/a']);
  });

  test('sockets and pipes are left out', async () => {
    using checkout = new TestCheckout({ 'docker-compose.yml': service('volumes: [./run:/run]'), 'run/file': '' });
    execFileSync('mkfifo', [join(checkout.root, 'run/pipe')]);
    const found = await findShipment({ root: checkout.root, composeFiles: [], ship: [], env: {}, profiles: [] });
    expect(found.files.map(({ path }) => path)).toEqual(['docker-compose.yml', 'run/file']);
  });
});

describe('symbolic links', () => {
  test('inside of the root they are shipped as what they mean', async () => {
    const paths = await shipped(service('volumes: [./conf:/conf, ./link.conf:/x]'), {
      'real/a': 'a',
      'real/sub/b': 'b',
      'conf/file': { linkTo: '../real/a' },
      'conf/folder': { linkTo: '../real/sub' },
      'conf/self': { linkTo: '.' },
      'conf/up': { linkTo: '..' },
      'link.conf': { linkTo: 'real/a' },
    });
    expect(paths).toEqual(expect.arrayContaining(['conf/file', 'conf/folder/b', 'link.conf']));
    expect(paths.length).toBeLessThan(40);
  });

  test('what leads out, or nowhere, is an error', async () => {
    const compose = service('volumes:\n  - ./conf:/conf\n  - ./out:/x');
    expect(
      await problems({
        'docker-compose.yml': compose,
        'conf/passwd': { linkTo: '/etc/passwd' },
        'conf/gone': { linkTo: 'nothing' },
        out: { linkTo: '/etc/hosts' },
      }),
    ).toEqual([
      'docker-compose.yml:5:9: conf/gone is a symbolic link to nothing, which is not in the checkout',
      'docker-compose.yml:5:9: conf/passwd is a symbolic link to /etc/passwd, which is not in the checkout',
      'docker-compose.yml:6:9: out is a symbolic link to /etc/hosts, which lies outside of the checkout',
    ]);
  });
});

describe('env_file', () => {
  test.each([
    ['a text', 'env_file: a.env', ['a.env']],
    ['a list', 'env_file: [a.env, ./b.env]', ['a.env', 'b.env']],
    ['long syntax', 'env_file: [{path: a.env, required: false}, {path: b.env, format: raw}]', ['a.env', 'b.env']],
    ['one that may be missing', 'env_file: [{path: gone.env, required: false}]', []],
    ['one of the host', 'env_file: [/etc/app.env]', []],
  ])('%s', async (_what, yaml, expected) => {
    expect(await shipped(service(yaml), { 'a.env': 'A=1', 'b.env': '' })).toEqual(expected);
  });

  test('the stack’s .env is written by us: told, not shipped, and not missed', async () => {
    const compose = service('env_file: .env') + '  job: {image: x, env_file: [{path: ./.env, format: raw}]}\n';
    const found = await find({ 'docker-compose.yml': compose, '.env': 'A=1' });
    expect(found.files.map(({ path }) => path)).toEqual(['docker-compose.yml']);
    expect(found.envFileReaders).toEqual([
      { service: 'web', path: '.env', raw: false },
      { service: 'job', path: '.env', raw: true },
    ]);
    expect(found.dotEnvReaders).toEqual(['web', 'job']);
  });

  test('the one that the config provides is told, and not missed', async () => {
    const compose = service('env_file: .env.production');
    const found = await find({ 'docker-compose.yml': compose }, { provided: ['.env.production'] });
    expect(found.envFileReaders).toEqual([{ service: 'web', path: '.env.production', raw: false }]);
    expect(found.dotEnvReaders).toEqual([]);
    expect(await shipped(compose, { '.env.production': '' }, { provided: ['./.env.production'] })).toEqual([
      '.env.production',
    ]);
  });

  test('one that is missing is an error with its place, unless its service’s profile is not active', async () => {
    const compose = service('env_file:\n  - gone.env\nprofiles: [full]');
    expect(await problems({ 'docker-compose.yml': compose })).toEqual([]);
    for (const more of [{ profiles: ['full'] }, { profiles: ['*'] }, { env: { COMPOSE_PROFILES: 'x,full' } }]) {
      expect(await problems({ 'docker-compose.yml': compose }, more)).toEqual([
        'docker-compose.yml:5:9: there is no env_file gone.env in the checkout: add it, or name it in env-file so that Homeport writes it',
      ]);
    }
  });
});

describe('configs, secrets and the like', () => {
  const compose = `
services:
  web:
    image: x
    configs: [c]
    secrets: [s]
    security_opt: [no-new-privileges:true, seccomp:unconfined, 'seccomp:profile.json', seccomp=other.json]
    label_file: [labels]
configs:
  c: {file: ./conf/c.txt}
  inline: {content: x}
secrets:
  s: {file: secrets/s.txt}
  outer: {external: true}
  variable: {environment: X}
  absolute: {file: /run/secret}
`;
  const files = { 'conf/c.txt': '', 'secrets/s.txt': '', 'profile.json': '', 'other.json': '', labels: '' };

  test('their files are shipped', async () => {
    expect(await shipped(compose, files)).toEqual([
      'conf/c.txt',
      'labels',
      'other.json',
      'profile.json',
      'secrets/s.txt',
    ]);
  });

  test('what is not in the checkout must be on the host', async () => {
    const found = await find({ 'docker-compose.yml': compose, ...files, 'moved.txt': '' });
    expect(found.hostFiles).toEqual([]);
    expect(found.missingFiles).toEqual([]);
    const without = await find({ 'docker-compose.yml': compose, 'conf/d.txt': '' });
    expect(without.hostFiles).toEqual(['conf/c.txt', 'labels', 'other.json', 'profile.json', 'secrets/s.txt']);
    const place = expect.objectContaining({ file: 'docker-compose.yml' }) as unknown;
    expect(without.missingFiles).toEqual([
      { what: 'config', path: 'conf/c.txt', near: 'conf/d.txt', place },
      { what: 'secret', path: 'secrets/s.txt', near: undefined, place },
    ]);
  });
});

describe('include', () => {
  const inner = (volume: string): string => `services:\n  inner:\n    image: x\n    volumes: ['${volume}:/x']\n`;

  test('its paths start from its own folder, and its files go along', async () => {
    const compose = 'include: [sub/compose.yml]\nservices: {}\n';
    expect(await shipped(compose, { 'sub/compose.yml': inner('./a.conf'), 'sub/a.conf': '' })).toEqual([
      'sub/a.conf',
      'sub/compose.yml',
    ]);
  });

  test('with a project directory, several files, and a nested one', async () => {
    const compose = `
include:
  - path: [sub/compose.yml, sub/override.yml]
    project_directory: .
services: {}
`;
    const files = {
      'sub/compose.yml': `include: [nested.yml]\n${inner('./a.conf')}`,
      'sub/override.yml': inner('./b.conf'),
      'nested.yml': 'services: {n: {image: x, volumes: ["./c.conf:/c"]}}',
      'a.conf': '',
      'b.conf': '',
      'c.conf': '',
    };
    expect(await shipped(compose, files)).toEqual([
      'a.conf',
      'b.conf',
      'c.conf',
      'nested.yml',
      'sub/compose.yml',
      'sub/override.yml',
    ]);
  });

  test('its env files: the one it names, or the .env beside it; what the project says goes before', async () => {
    const files = {
      'sub/compose.yml': inner('./${NAME}.conf'),
      'sub/.env': 'NAME=own',
      'named.env': 'NAME=named',
      'sub/own.conf': '',
      'sub/named.conf': '',
      'sub/given.conf': '',
    };
    const plain = 'include: [sub/compose.yml]\nservices: {}\n';
    const named = 'include: [{path: sub/compose.yml, env_file: named.env}]\nservices: {}\n';
    expect(await shipped(plain, files)).toEqual(['sub/.env', 'sub/compose.yml', 'sub/own.conf']);
    expect(await shipped(named, files)).toEqual(['named.env', 'sub/compose.yml', 'sub/named.conf']);
    expect(await shipped(plain, files, { env: { NAME: 'given' } })).toContain('sub/given.conf');
  });

  test('a remote one is left alone, a missing one and a circle are errors', async () => {
    expect(await shipped('include: [https://x/y.yml, "oci://r/x"]\nservices: {}\n', {})).toEqual([]);
    expect(await problems({ 'docker-compose.yml': 'include:\n  - gone.yml\n' })).toEqual([
      'docker-compose.yml:2:5: there is no compose file gone.yml in the checkout',
    ]);
    expect(
      await problems({ 'docker-compose.yml': 'include:\n  - a.yml\n', 'a.yml': 'include:\n  - docker-compose.yml\n' }),
    ).toEqual(['a.yml:2:5: the includes of docker-compose.yml form a circle']);
  });
});

describe('extends', () => {
  const compose = 'services:\n  web:\n    extends: {file: sub/common.yml, service: base}\n';

  test('of another file: that service and what it extends, from the folder of that file', async () => {
    const files = {
      'sub/common.yml': `
services:
  base: {extends: {service: root}, image: x, volumes: ['./a.conf:/a'], env_file: a.env}
  root: {image: x, volumes: ['./b.conf:/b'], extends: {file: ../top.yml, service: top}}
  unused: {image: x, volumes: ['./unused.conf:/u'], build: ./nothing}
`,
      'top.yml': 'services: {top: {image: x, volumes: ["./c.conf:/c"]}}',
      'sub/a.conf': '',
      'sub/a.env': '',
      'sub/b.conf': '',
      'sub/unused.conf': '',
      'c.conf': '',
    };
    expect(await shipped(compose, files)).toEqual([
      'c.conf',
      'sub/a.conf',
      'sub/a.env',
      'sub/b.conf',
      'sub/common.yml',
      'top.yml',
    ]);
  });

  test('what is missing, and a circle, are errors', async () => {
    expect(await problems({ 'docker-compose.yml': compose })).toEqual([
      'docker-compose.yml:3:14: there is no compose file sub/common.yml in the checkout',
    ]);
    expect(await problems({ 'docker-compose.yml': compose, 'sub/common.yml': 'services: {x: {}}' })).toEqual([
      'docker-compose.yml:3:14: there is no service base in sub/common.yml',
    ]);
    expect(await problems({ 'docker-compose.yml': 'services:\n  a: {extends: b}\n  b: {extends: a}\n' })).toContain(
      'docker-compose.yml:2:16: what a extends forms a circle',
    );
  });
});

describe('several files are merged as Compose merges them', () => {
  const base =
    'services:\n  web:\n    build: ./app\n    volumes: [./dev:/x]\n    env_file: dev.env\n    profiles: [dev]\n';
  const files = { 'docker-compose.yml': base, 'app/Dockerfile': '', 'dev/x': '', 'prod/y': '' };
  const both = { composeFiles: ['docker-compose.yml', 'prod.yml'], profiles: ['dev'] };

  test('lists add up; the build of one service is merged key by key', async () => {
    const prod = 'services:\n  web:\n    build: {dockerfile: Prod}\n    volumes: [./prod:/y]\n';
    const found = await find({ ...files, 'dev.env': '', 'prod.yml': prod, 'app/Prod': '' }, both);
    expect(found.files.map(({ path }) => path)).toEqual([
      'dev.env',
      'dev/x',
      'docker-compose.yml',
      'prod.yml',
      'prod/y',
    ]);
    expect(found.contexts).toMatchObject([{ service: 'web', directory: 'app' }]);
    expect(found.contexts[0]?.files.map(({ path }) => path)).toEqual(['app/Dockerfile', 'app/Prod']);
  });

  test('!reset takes away, !override replaces', async () => {
    const prod =
      'services:\n  web:\n    image: x\n    build: !reset null\n    env_file: !reset []\n    volumes: !override [./prod:/y]\n';
    const found = await find({ ...files, 'prod.yml': prod }, both);
    expect(found.files.map(({ path }) => path)).toEqual(['docker-compose.yml', 'prod.yml', 'prod/y']);
    expect(found.contexts).toEqual([]);
  });

  test('anchors and merge keys are followed', async () => {
    const compose = `
x-base: &base
  volumes: &volumes [./dev:/x]
  env_file: dev.env
services:
  a: {<<: *base, image: x}
  b: {<<: [*base], image: x, volumes: [./prod:/y]}
  c: {image: x, volumes: *volumes}
`;
    expect(await shipped(compose, { 'dev/x': '', 'prod/y': '', 'dev.env': '' })).toEqual([
      'dev.env',
      'dev/x',
      'prod/y',
    ]);
  });
});

describe('what a user wrote wrong, all at once and with its place', () => {
  test('YAML, variables, files', async () => {
    const compose = `services:
  web:
    image: 'shop:\${TAG:?set TAG}'
    environment:
      A: \${A?}
      B: \${}
    env_file: gone.env
    volumes:
      - ../outside:/x
      - ./\${DIR:-conf}:/y
`;
    expect(
      await problems(
        { 'docker-compose.yml': compose, 'more.yml': 'services: [\n' },
        { composeFiles: ['docker-compose.yml', 'more.yml'], ship: ['nothing/'] },
      ),
    ).toEqual([
      'ship: there is no nothing in the checkout',
      'docker-compose.yml:3:12: required variable TAG is missing a value: set TAG',
      'docker-compose.yml:5:10: required variable A is missing a value',
      'docker-compose.yml:6:10: ${…} is no reference to a variable: write ${NAME}, or $$ for a dollar sign',
      'docker-compose.yml:7:15: there is no env_file gone.env in the checkout: add it, or name it in env-file so that Homeport writes it',
      'docker-compose.yml:9:9: bind ../outside leads out of the checkout: put homeport.yml into a folder that holds both, and name the compose file from there in compose.files',
      expect.stringMatching(/^more\.yml:2:1: .*/),
    ]);
  });

  test('what Compose accepts is no error: brackets that close early in a line, tags, several documents', async () => {
    const compose =
      'services:\n  web:\n    image: x\n    command: [\n      "a",\n    ]\n    environment: {\n      A: b\n    }\n    ports: !override\n    - 80:80\n---\nservices: {db: {image: y}}\n';
    expect(await problems({ 'docker-compose.yml': compose })).toEqual([]);
  });

  test('a required variable in a file that is only extended or included counts too', async () => {
    const compose = 'include: [sub.yml]\nservices: {web: {extends: {file: base.yml, service: b}}}\n';
    expect(
      await problems({
        'docker-compose.yml': compose,
        'sub.yml': 'services: {x: {image: "${A:?}"}}',
        'base.yml': 'services: {b: {image: "${B:?}"}}',
      }),
    ).toEqual([
      'base.yml:1:23: required variable B is missing a value',
      'sub.yml:1:23: required variable A is missing a value',
    ]);
  });

  test('what is given satisfies; keys and comments are not interpolated', async () => {
    const compose = 'services:\n  web:\n    image: "${A:?}"\n    labels: {"${B:?}": x} # ${C:?}\n';
    const found = await find({ 'docker-compose.yml': compose }, { env: { A: '1' } });
    expect([...found.variables]).toEqual(['A']);
  });
});

test('variables of all files are told, unset ones too', async () => {
  const found = await find({
    'docker-compose.yml':
      'include: [sub.yml]\nservices: {web: {image: "shop:${HOMEPORT_VERSION:-${TAG}}", command: "$$X $Y"}}\n',
    'sub.yml': 'services: {x: {image: "${Z}"}}',
  });
  expect([...found.variables].sort()).toEqual(['HOMEPORT_VERSION', 'TAG', 'Y', 'Z']);
});

describe('what the config asks to ship', () => {
  test('files and folders, once', async () => {
    const compose = service('volumes: [./nginx:/x]');
    expect(
      await shipped(
        compose,
        { 'nginx/a': '', 'scripts/b': '', 'c.txt': '' },
        { ship: ['nginx/', 'scripts', './c.txt'] },
      ),
    ).toEqual(['c.txt', 'nginx/a', 'scripts/b']);
  });

  test('what leads out is an error', async () => {
    expect(await problems({ 'docker-compose.yml': 'services: {}' }, { ship: ['../x'] })).toEqual([
      expect.stringContaining('ship ../x leads out of the checkout'),
    ]);
  });
});

describe('variables that come to nothing', () => {
  const compose = [
    'services:',
    '  web:',
    '    image: nginx',
    '    environment:',
    '      PASSWORD: ${DB_PASSWORD}',
    '      AGAIN: ${DB_PASSWORD}',
    '      TOKEN: ${TOKEN?}',
    '      MEANT: ${MEANT:-}',
    '      DEFAULT: ${MEANT:-x}',
    '      NOBODY: ${NOBODY}',
    '      HOME: ${HOME}',
    '',
  ].join('\n');
  const files = { 'docker-compose.yml': compose };

  test('an empty secret is refused where the file takes it as it is', async () => {
    const env = { DB_PASSWORD: '', TOKEN: '', MEANT: '', NOBODY: 'x' };
    expect(await problems(files, { env, givenEmpty: ['DB_PASSWORD', 'TOKEN', 'MEANT'] })).toEqual([
      'docker-compose.yml:5:17: DB_PASSWORD is empty in the input env: is its secret set, and does the job name the environment that holds it? If it may be empty, write ${DB_PASSWORD:-} here',
      expect.stringMatching(/^docker-compose\.yml:7:14: TOKEN is empty in the input env: /),
    ]);
  });

  test('what the repository says itself may be empty', async () => {
    const env = { DB_PASSWORD: '', TOKEN: '', NOBODY: '' };
    expect((await find(files, { env })).warnings).toEqual([]);
  });

  test('what nobody sets, and what is empty and not asked for, are warnings', async () => {
    const env = { DB_PASSWORD: 'x', TOKEN: 'x', UNUSED: '' };
    expect((await find(files, { env, givenEmpty: ['UNUSED'], shownRoot: 'apps/shop' })).warnings).toEqual([
      {
        message: 'NOBODY is not set, so nothing is put here: give it in env, or write ${NOBODY:-} if that is meant',
        file: 'apps/shop/docker-compose.yml',
        line: 10,
        column: 15,
      },
      {
        message:
          'UNUSED is empty in the input env: is its secret set, and does the job name the environment that holds it?',
      },
    ]);
  });
});

describe('binds that may be a slip of the pen', () => {
  const there = { 'nginx.conf': '', 'conf/app.yml': '', 'ngnix/x': '' };
  const cases: [string, string, object[]][] = [
    ['a file beside one of nearly that name', './ngnix.conf:/etc/nginx/nginx.conf', [{ looks: 'file', path: 'ngnix.conf', near: 'nginx.conf' }]], // prettier-ignore
    ['a file in a folder of nearly that name', './cnof/app.yml:/etc/app.yml:ro', [{ looks: 'file', near: 'conf/app.yml' }]], // prettier-ignore
    ['a file beside nothing', '{type: bind, source: ./Caddyfile, target: /etc/caddy/Caddyfile}', [{ looks: 'file', near: undefined }]], // prettier-ignore
    ['a folder of nearly that name', './nginx:/etc/nginx', [{ looks: 'doubt', near: 'ngnix' }]],
    ['half a file', './token:/run/token.txt', [{ looks: 'doubt', near: undefined }]],
    ['a data folder', './data:/var/lib/postgresql/data', []],
    ['a folder with a dot in it', './sites/shop.example:/srv/shop.example', []],
    ["what is the host's anyway", '/etc/ngnix.conf:/etc/nginx/nginx.conf', []],
  ];
  test.each(cases)('%s', async (_, bind, expected) => {
    const found = await find({ 'docker-compose.yml': service(`volumes: ["x:/x", ${bind.startsWith('{') ? bind : `"${bind}"`}]`), ...there }); // prettier-ignore
    expect(found.missingBinds).toEqual(expected.map((one) => expect.objectContaining(one) as unknown));
  });
});

test('messages name files as they are seen from the checkout, and never a folder of the runner', async () => {
  const wrong = {
    'docker-compose.yml': 'services:\n  web:\n    image: ${X:?}\n    env_file: a.env\n    volumes: ["../x:/x", "./out:/out"]\n', // prettier-ignore
    out: { linkTo: '/etc/hosts' },
  };
  expect(await problems(wrong, { shownRoot: 'apps/shop', ship: ['y'] })).toEqual([
    'ship: there is no apps/shop/y in the checkout',
    'apps/shop/docker-compose.yml:3:12: required variable X is missing a value',
    expect.stringMatching(
      /^apps\/shop\/docker-compose\.yml:4:15: there is no env_file apps\/shop\/a\.env in the checkout/,
    ),
    expect.stringMatching(/^apps\/shop\/docker-compose\.yml:5:15: bind \.\.\/x leads out of apps\/shop:/),
    'apps/shop/docker-compose.yml:5:26: apps/shop/out is a symbolic link to /etc/hosts, which lies outside of apps/shop',
  ]);
  expect(await problems({ 'x/y': '' }, { shownRoot: 'apps/shop' })).toEqual([
    expect.stringMatching(/^there is no compose file in apps\/shop: none of/),
  ]);
});

test('the places of what a plan may refuse: the file with the last word counts', async () => {
  const found = await find({
    'a.yml':
      'services:\n  web:\n    ports: ["127.0.0.1:80-81:80/tcp", {target: 8, published: "9"}, "7", "[::1]:5:5"]\n' +
      '    depends_on: {db: {condition: service_healthy}}\n    container_name: x\n  db: {depends_on: [other], deploy: {replicas: 2}}\n',
    'b.yml': 'services:\n  web:\n    container_name: y\n',
  }, { composeFiles: ['a.yml', 'b.yml'] }); // prettier-ignore
  const shown = [...found.places].map(([key, { file, line, column }]) => `${key} ${file}:${line}:${column}`);
  expect(shown.sort()).toEqual([
    'db a.yml:6:7',
    'db depends_on other a.yml:6:21',
    'db replicas a.yml:6:48',
    'web b.yml:3:5',
    'web container_name b.yml:3:21',
    'web depends_on db a.yml:4:34',
    'web ports 5 a.yml:3:73',
    'web ports 80 a.yml:3:13',
    'web ports 81 a.yml:3:13',
    'web ports 9 a.yml:3:39',
  ]);
});

test('a profile that no service has', async () => {
  const files = { 'compose.yaml': 'services:\n  web: {image: a}\n  tools: {image: b, profiles: [debug]}\n' };
  expect(await problems(files, { profiles: ['debgu', 'debug', '*', 'other'] })).toEqual([
    'no service has the profile "debgu": did you mean "debug"?',
    'no service has the profile "other"',
  ]);
});
