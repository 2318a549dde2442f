// Layouts that runbooks have: Compose files in a folder below the repository's root, two of them, a profile, and a project that
// is called otherwise than the folder and than the files' own `name`.
import { expect } from '@jest/globals';
import { onBoth, Scene, type Attempt } from './support/scene.js';

const base = {
  name: 'from-the-file',
  services: {
    backend: {
      image: 'acme/web:v1',
      env_file: 'backend.env',
      environment: { FROM_ENV: '${FROM_ENV}', STAGE: 'base' },
      volumes: ['./motd.txt:/etc/motd.txt:ro', 'media:/media'],
      healthcheck: { test: ['CMD', 'healthy'], interval: '1s', retries: 2 },
    },
    tools: { image: 'acme/web:v1', profiles: ['full'], volumes: ['../shared:/shared:ro'] },
    never: { image: 'acme/web:none', profiles: ['other'] },
  },
  volumes: { media: {} },
};
const production = { services: { backend: { environment: { STAGE: 'production' } } } };
const text = (data: object): string => JSON.stringify(data, undefined, 2);

const usual: Attempt = {
  files: {
    'deploy/docker-compose.yml': text(base),
    'deploy/docker-compose.prod.yml': text(production),
    'deploy/backend.env': 'FROM_FILE=one\n',
    'deploy/motd.txt': 'one\n',
    'shared/notes.txt': 'one\n',
  },
  config: {
    project: 'tienda',
    compose: { files: ['deploy/docker-compose.yml', 'deploy/docker-compose.prod.yml'], profiles: ['full'] },
  },
  inputs: { project: 'tienda' },
};

const both = onBoth(async (generation) => Scene.serving(generation, {}, usual));

const inBackend = async ({ host }: Scene, command: string): Promise<string> =>
  host.sh(`docker exec tienda-backend-1 ${command}`);

both('serves under its own name, with all that its files name', async (scene) => {
  const { containers, volumes, networks, files } = await scene.look();
  expect(Object.keys(containers).sort()).toEqual(['tienda-backend-1', 'tienda-tools-1']);
  expect([volumes, networks]).toEqual([['tienda_media'], ['tienda_default']]);
  expect(containers['tienda-backend-1']?.env).toEqual(
    expect.arrayContaining(['FROM_ENV=one', 'FROM_FILE=one', 'STAGE=production']),
  );
  expect(await inBackend(scene, 'cat /etc/motd.txt')).toBe('one');
  expect(Object.keys(files)).toEqual(expect.arrayContaining(['deploy/motd.txt', 'shared/notes.txt']));
  await scene.succeeds({}, 'unchanged');
});

both('comes home from a change of all of it, and goes through', async (scene) => {
  const files = { 'deploy/backend.env': 'FROM_FILE=two\n', 'deploy/motd.txt': 'two\n', 'shared/notes.txt': 'two\n' };
  const unwell = text({ services: { backend: { environment: { STAGE: 'next', HEALTH: 'never' } } } });
  const config = { ...usual.config, compose: { ...(usual.config?.['compose'] as object), profiles: [] } };
  await scene.comesHome(
    { files: { ...files, 'deploy/docker-compose.prod.yml': unwell }, env: 'FROM_ENV=two\n', config },
    { result: 'rolled-back', phase: 'health', cause: /^backend: unhealthy/, touched: ['backend', 'tools'] },
  );
  expect(await inBackend(scene, 'cat /etc/motd.txt')).toBe('one');

  await scene.succeeds({ files, env: 'FROM_ENV=two\n', config });
  const { containers } = await scene.look();
  expect(Object.keys(containers)).toEqual(['tienda-backend-1']);
  expect(containers['tienda-backend-1']?.env).toEqual(expect.arrayContaining(['FROM_ENV=two', 'FROM_FILE=two']));
});
