import { describe, expect, test } from '@jest/globals';
import { engineWith, manifest, serviceModel, stackModel } from '../../test/support/stack.js';
import { HostFailure, UserError } from '../base/errors.js';
import type { BuildModel, ComposeModel } from '../compose/model.js';
import type { ImageDetails } from '../host/engine.js';
import type { Manifest, ReleaseImage } from './manifest.js';
import { askEarly, askOnce, wantedImages, type ImageWishes, type WantedImage } from './wanted-images.js';

const build: BuildModel = {
  context: '/srv/shop',
  dockerfile: undefined,
  dockerfileInline: undefined,
  target: undefined,
  args: {},
  additionalContexts: {},
};
const image = (id: string): ImageDetails => ({
  id,
  repoTags: [],
  repoDigests: [],
  architecture: 'amd64',
  os: 'linux',
  volumes: [],
  hasHealthcheck: false,
});

function wishes(
  model: ComposeModel,
  more: Partial<ImageWishes> & { readonly onHost?: Readonly<Record<string, string>> } = {},
): ImageWishes & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    engine: engineWith({
      inspectImage: async (reference) => {
        const id = more.onHost?.[reference];
        return Promise.resolve(id === undefined ? undefined : image(id));
      },
    }),
    resolve: async (reference) => {
      asked.push(reference);
      return Promise.resolve({ reference, repository: reference, digest: 'sha256:1', pinned: `${reference}@sha256:1` });
    },
    model,
    previous: undefined,
    contexts: new Map(),
    pull: {},
    build: 'auto',
    log: { debug: () => undefined },
    ...more,
  };
}

const recorded = (services: Readonly<Record<string, ReleaseImage>>): ImageWishes['previous'] =>
  manifest({
    services: Object.fromEntries(
      Object.entries(services).map(([name, one]) => [
        name,
        { image: one, configHash: '', replicas: 1, oneShot: false, dependsOn: {} },
      ]),
    ),
  });

const only = async (given: ImageWishes): Promise<WantedImage | undefined> =>
  [...(await wantedImages(given)).values()][0];

describe('from a registry', () => {
  test('each reference is asked for once, and known by its id where it is on the host', async () => {
    const model = stackModel([
      serviceModel('a', { image: 'app:1' }),
      serviceModel('b', { image: 'app:1' }),
      serviceModel('c'),
    ]);
    const given = wishes(model, { onHost: { 'app:1@sha256:1': 'id' } });
    const images = await wantedImages({ ...given, resolve: askOnce(given.resolve) });
    expect(given.asked).toEqual(['app:1', 'c:1']);
    expect([...images].map(([name, { source, id }]) => [name, source, id])).toEqual([
      ['a', 'registry', 'id'],
      ['b', 'registry', 'id'],
      ['c', 'registry', undefined],
    ]);
  });

  test('what serves from a registry is asked for early, once, and a refusal is heard by whoever needs it', async () => {
    const asked: string[] = [];
    const resolve = askOnce(async (reference) => {
      asked.push(reference);
      return Promise.reject(new UserError(`no ${reference}`));
    });
    const service = (reference: string, pinned?: string): Manifest['services'][string] => ({
      image: { reference, id: 'id', ...(pinned === undefined ? {} : { pinned }) },
      configHash: '',
      replicas: 1,
      oneShot: false,
      dependsOn: {},
    });
    const services = {
      web: service('web:1', 'web@sha256:1'),
      built: service('built:1'),
      db: service('postgres:15', 'x'),
    };
    askEarly(resolve, manifest({ services }));
    expect(asked).toEqual(['web:1']);
    await expect(resolve('web:1')).rejects.toThrow('no web:1');
    expect(asked).toEqual(['web:1']);
  });

  test('all that cannot be had is told at once, each once', async () => {
    const model = stackModel(
      ['a', 'b', 'c'].map((name) => serviceModel(name, { image: name === 'c' ? 'x:1' : `${name}:1` })),
    );
    const resolve = async (reference: string): Promise<never> =>
      Promise.reject(new UserError(`no ${reference.replace(/^[ab]/, 'x')}`));
    const failure = wantedImages(wishes(model, { resolve }));
    await expect(failure).rejects.toMatchObject({ problems: [{ message: 'no x:1' }] });
  });

  test('a host that is lost is that, whatever else is wrong', async () => {
    const model = stackModel([serviceModel('a'), serviceModel('b')]);
    const resolve = async (reference: string): Promise<never> =>
      Promise.reject(reference === 'a:1' ? new UserError('no a') : new HostFailure('host', 'lost'));
    await expect(wantedImages(wishes(model, { resolve }))).rejects.toBeInstanceOf(HostFailure);
  });
});

describe('a data service', () => {
  const model = stackModel([serviceModel('db', { image: 'postgres:17' })]);
  const previous = recorded({ db: { reference: 'postgres:17', id: 'old', pinned: 'postgres@sha256:0' } });
  const onHost = { old: 'old' };

  test('keeps its image while its reference is the same: nobody is asked', async () => {
    const given = wishes(model, { previous, onHost });
    expect(await only(given)).toEqual({
      source: 'recorded',
      reference: 'postgres:17',
      pinned: 'postgres@sha256:0',
      id: 'old',
    });
    expect(given.asked).toEqual([]);
  });

  test.each<[string, Parameters<typeof wishes>[1]]>([
    ['it is always pulled', { previous, onHost, pull: { db: 'always' } }],
    ['its image is gone from the host', { previous }],
    ['its reference changed', { previous: recorded({ db: { reference: 'postgres:16', id: 'old' } }), onHost }],
    ['it is new', { onHost }],
  ])('is asked for when %s', async (_, more) => {
    expect(await only(wishes(model, more))).toMatchObject({ source: 'registry' });
  });

  test('any other service is asked for always', async () => {
    const web = stackModel([serviceModel('web', { image: 'app:1' })]);
    const before = recorded({ web: { reference: 'app:1', id: 'old' } });
    expect(await only(wishes(web, { previous: before, onHost }))).toMatchObject({ source: 'registry' });
  });
});

describe('a build', () => {
  const web = (more: Partial<BuildModel> = {}): ComposeModel =>
    stackModel([serviceModel('web', { image: undefined, build: { ...build, ...more } })]);
  const files = [
    { path: 'b', mode: 0o644, sha256: '1' },
    { path: 'a', mode: 0o644, sha256: '2' },
  ];
  const inputsOf = async (model: ComposeModel, given = files): Promise<string> => {
    const wanted = await only(wishes(model, { contexts: new Map([['web', given]]) }));
    return wanted?.source === 'build' ? wanted.buildInputs : '';
  };

  test('is named as Compose names it', async () => {
    expect(await only(wishes(web()))).toMatchObject({ source: 'build', reference: 'shop-web', id: undefined });
  });

  test('is not done again for the same inputs, not even after the first deploy', async () => {
    const buildInputs = await inputsOf(web());
    const previous = recorded({ web: { reference: 'shop-web', id: 'built', buildInputs } });
    const contexts = new Map([['web', [...files].reverse()]]);
    expect(await only(wishes(web(), { previous, contexts, onHost: { built: 'built' } }))).toMatchObject({
      id: 'built',
    });
    expect(await only(wishes(web(), { previous, contexts }))).toMatchObject({ id: undefined });
  });

  test.each<[string, Partial<BuildModel>, typeof files]>([
    ['argument', { args: { A: '1' } }, files],
    ['target', { target: 'test' }, files],
    ['content', {}, [{ path: 'a', mode: 0o644, sha256: '3' }]],
    ['mode', {}, files.map((file) => ({ ...file, mode: 0o755 }))],
    ['name', {}, files.map((file) => ({ ...file, path: `${file.path}x` }))],
  ])('is done again for another %s', async (_, model, given) => {
    expect(await inputsOf(web(model), given)).not.toBe(await inputsOf(web()));
  });

  test('is done again when the service changed that it starts from, or the one that this starts from', async () => {
    const from = (name: string): Partial<BuildModel> => ({ additionalContexts: { base: `service:${name}` } });
    const model = stackModel([
      serviceModel('web', { build: { ...build, ...from('base') } }),
      serviceModel('base', { build: { ...build, ...from('root') } }),
      serviceModel('root', { build }),
    ]);
    const inputs = async (sha256: string): Promise<unknown> => {
      const contexts = new Map([['root', [{ path: 'a', mode: 0o644, sha256 }]]]);
      const web = (await wantedImages(wishes(model, { contexts }))).get('web');
      return web?.source === 'build' ? web.buildInputs : undefined;
    };
    expect(await inputs('1')).toBe(await inputs('1'));
    expect(await inputs('2')).not.toBe(await inputs('1'));
  });

  test('is that of every service that has its image name: nobody is asked for it', async () => {
    const model = stackModel([
      serviceModel('worker', { image: 'app:1' }),
      serviceModel('web', { image: 'app:1', build }),
      serviceModel('other', { image: undefined, build }),
    ]);
    const given = wishes(model, { contexts: new Map([['web', files]]) });
    const images = await wantedImages(given);
    expect(images.get('worker')).toMatchObject({ source: 'build', reference: 'app:1', builder: 'web' });
    expect(images.get('worker')).toEqual(images.get('web'));
    expect(images.get('other')).toMatchObject({ builder: 'other' });
    expect(given.asked).toEqual([]);
  });

  test('never, without a name of its own: what was recorded, else what has the name on the host, else it is an error', async () => {
    const previous = recorded({ web: { reference: 'shop-web', id: 'built', buildInputs: 'x' } });
    const given = (more: Parameters<typeof wishes>[1]): ImageWishes & { asked: string[] } =>
      wishes(web(), { build: 'never', ...more });
    const onHost = { built: 'built', 'shop-web': 'by hand' };
    expect(await only(given({ previous, onHost }))).toMatchObject({ source: 'recorded', id: 'built' });
    expect(await only(given({ onHost }))).toMatchObject({ source: 'recorded', id: 'by hand' });
    const none = given({});
    await expect(only(none)).rejects.toThrow(/shop-web is not on the host, and `build: never`/);
    expect(none.asked).toEqual([]);
  });

  test('with pull_policy never no registry is asked', async () => {
    const model = stackModel([serviceModel('web', { image: 'app:sha', pullPolicy: 'never' })]);
    const given = wishes(model, { onHost: { 'app:sha': 'by hand' } });
    expect(await only(given)).toMatchObject({ source: 'recorded', reference: 'app:sha', id: 'by hand' });
    expect(given.asked).toEqual([]);
    await expect(only(wishes(model))).rejects.toThrow(/app:sha is not on the host, and its `pull_policy: never`/);
  });

  test('never: the image is asked for', async () => {
    const model = stackModel([serviceModel('web', { build })]);
    expect(await only(wishes(model, { build: 'never' }))).toMatchObject({ source: 'registry', reference: 'web:1' });
  });
});
