import { describe, expect, test } from '@jest/globals';
import { findShipment } from './finder.js';
import { UserError } from '../base/errors.js';
import type { BuildContext, ShipmentRequest } from './shipment.js';
import { TestCheckout, type Content } from './test-checkout.js';

type Files = Readonly<Record<string, Content>>;

async function contexts(
  build: string,
  files: Files,
  request: Partial<ShipmentRequest> = {},
): Promise<readonly BuildContext[]> {
  using checkout = new TestCheckout({ 'docker-compose.yml': `services:\n  web:\n    build: ${build}\n`, ...files });
  return (await findShipment({ root: checkout.root, composeFiles: [], ship: [], env: {}, profiles: [], ...request }))
    .contexts;
}

async function pathsOf(build: string, files: Files): Promise<string[]> {
  const [context] = await contexts(build, files);
  return context?.files.map(({ path }) => path) ?? [];
}

async function problem(build: string, files: Files): Promise<string> {
  try {
    await contexts(build, files);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return '';
}

const app = { 'app/Dockerfile': 'FROM x', 'app/src/main': 'm', 'app/README.md': '' };

describe('which files', () => {
  test.each([
    ['short syntax', './app'],
    ['long syntax', '{context: app}'],
    ['long syntax with a Dockerfile', '{context: ./app/, dockerfile: ./Dockerfile}'],
  ])('%s', async (_what, build) => {
    expect(await pathsOf(build, { ...app, other: '' })).toEqual(['app/Dockerfile', 'app/README.md', 'app/src/main']);
  });

  test('the checkout itself, when nothing else is said, without its .git', async () => {
    const files = { Dockerfile: '', '.git/config': 'token', '.env.build': '', 'a/.homeport/x': '' };
    expect(await pathsOf('{args: {A: b}}', files)).toEqual(['.env.build', 'Dockerfile', 'docker-compose.yml']);
  });

  test('a Dockerfile outside of the context', async () => {
    const files = { 'docker/web.Dockerfile': '', 'app/a': '' };
    const [context] = await contexts('{context: app, dockerfile: ../docker/web.Dockerfile}', files);
    expect(context).toMatchObject({ directory: 'app', files: [{ path: 'app/a' }, { path: 'docker/web.Dockerfile' }] });
  });

  test('an inline Dockerfile needs none', async () => {
    expect(await pathsOf('{context: app, dockerfile_inline: "FROM x"}', { 'app/a': '' })).toEqual(['app/a']);
  });

  test('additional contexts that are folders, with their own .dockerignore', async () => {
    const files = { ...app, 'shared/lib': '', 'shared/tmp/x': '', 'shared/.dockerignore': 'tmp\n', 'more/x': '' };
    const [context] = await contexts(
      '{context: app, additional_contexts: {lib: ./shared, base: "docker-image://alpine", db: "service:db"}}',
      files,
    );
    expect(context?.additional).toEqual(['shared']);
    expect(context?.files.map(({ path }) => path)).toEqual([
      'app/Dockerfile',
      'app/README.md',
      'app/src/main',
      'shared/.dockerignore',
      'shared/lib',
    ]);
    expect((await contexts('{context: app, additional_contexts: ["lib=./more"]}', files))[0]?.additional).toEqual([
      'more',
    ]);
  });

  test.each([
    'https://github.com/x/y.git',
    'git@github.com:x/y.git',
    'github.com/x/y',
    '{context: "https://x/y.git#main"}',
  ])('the remote context %s is left alone', async (build) => {
    expect(await contexts(build, {})).toMatchObject([{ service: 'web', files: [] }]);
  });

  test('symbolic links travel as they are: a build keeps them', async () => {
    const [context] = await contexts('app', {
      ...app,
      'app/link': { linkTo: '/usr/bin/node' },
      'app/gone': { linkTo: 'nothing' },
    });
    expect(context?.files.filter(({ link }) => link !== undefined)).toMatchObject([
      { path: 'app/gone', link: 'nothing', mode: 0o777, size: 0 },
      { path: 'app/link', link: '/usr/bin/node' },
    ]);
  });

  test('a service whose profile is not active is not built, and may lack its context', async () => {
    const build = './gone\n    profiles: [tools]';
    expect(await contexts(build, {})).toEqual([]);
    await expect(contexts(build, {}, { profiles: ['tools'] })).rejects.toThrow('there is no build context ./gone');
  });
});

describe('.dockerignore', () => {
  const files = {
    Dockerfile: '',
    'node_modules/a/index.js': '',
    'sub/node_modules/b': '',
    'a.log': '',
    'keep.log': '',
    'docs/a.md': '',
    'docs/deep/b.md': '',
    'docs/README.md': '',
    Upper: '',
  };
  const withIgnore = async (text: string): Promise<string[]> => pathsOf('.', { ...files, '.dockerignore': text });

  test('leaves out what it names, itself and the Dockerfile excepted', async () => {
    expect(
      await withIgnore(
        'node_modules\n*.log\nDockerfile\n.dockerignore\ndocker-compose.yml\n# comment\ndocs/**\nupper\n',
      ),
    ).toEqual(['.dockerignore', 'Dockerfile', 'Upper', 'sub/node_modules/b']);
  });

  test('exceptions are found in ignored folders too', async () => {
    expect(await withIgnore('*\n!docs/**/*.md\ndocs/deep\n!keep.log\n')).toEqual([
      '.dockerignore',
      'Dockerfile',
      'docs/README.md',
      'docs/a.md',
      'keep.log',
    ]);
  });

  test('one beside the Dockerfile goes before it', async () => {
    const paths = await pathsOf('{context: ., dockerfile: docker/web}', {
      '.dockerignore': 'a\n',
      'docker/web': '',
      'docker/web.dockerignore': 'b\ndocker\n',
      a: '',
      b: '',
    });
    expect(paths).toEqual(['.dockerignore', 'a', 'docker-compose.yml', 'docker/web', 'docker/web.dockerignore']);
  });
});

describe('what is wrong', () => {
  test.each([
    ['./gone', {}, 'docker-compose.yml:3:12: there is no build context ./gone in the checkout'],
    ['./app', { 'app/a': '' }, 'docker-compose.yml:3:12: there is no Dockerfile app/Dockerfile in the checkout'],
    ['{context: app, dockerfile: Web}', app, 'docker-compose.yml:3:22: there is no Dockerfile app/Web in the checkout'],
    ['..', {}, 'build context .. leads out of'],
    ['{context: app, dockerfile: ../../Dockerfile}', app, 'Dockerfile ../../Dockerfile leads out of'],
    [
      '{context: app, additional_contexts: {lib: ./gone}}',
      app,
      'there is no additional context ./gone in the checkout',
    ],
  ])('%s', async (build, files, message) => {
    expect(await problem(build, files)).toContain(message);
  });
});
