import { expect, test } from '@jest/globals';
import { deployRequest, shipmentOf } from '../../test/support/deploy.js';
import { parseDotenv } from '../compose/dotenv.js';
import type { ShippedFile, Shipment } from '../compose/shipment.js';
import type { DeployRequest } from './request.js';
import { projectDirectory, releaseFiles, tarEntries, type ReleaseFile } from './release-files.js';

const shipped = (path: string, more: Partial<ShippedFile> = {}): ShippedFile => ({
  path,
  file: `/checkout/${path}`,
  mode: 0o644,
  size: 3,
  sha256: 'sum',
  ...more,
});

/** The content of a file that was made. */
function textOf(file: ReleaseFile | undefined): string {
  return typeof file?.content === 'string' ? file.content : '';
}

function envOf(request: Partial<DeployRequest>, shipment: Partial<Shipment> = {}): Record<string, string> {
  const { files, env } = releaseFiles(deployRequest(request), shipmentOf(shipment));
  const dotenv = files.find(({ path }) => path === '.env');
  expect(dotenv?.mode).toBe(0o600);
  expect(Object.fromEntries(parseDotenv(textOf(dotenv)))).toEqual(env);
  return { ...env };
}

test('.env has what was given, and nothing of ours where Compose’s defaults do', () => {
  expect(envOf({ env: { A: 'it\'s "x"\n' } })).toEqual({ A: 'it\'s "x"\n' });
});

test.each<[string, Partial<DeployRequest>, Partial<Shipment>, Record<string, string>]>([
  ['a version only where a compose file asks for it', { version: '7' }, { variables: new Set(['HOMEPORT_VERSION']) }, { HOMEPORT_VERSION: '7' }], // prettier-ignore
  [
    'another project than the folder of the first compose file',
    { composeFiles: ['deploy/a.yml'] },
    { composeFiles: ['deploy/a.yml'], projectDirectory: 'deploy' },
    { COMPOSE_PROJECT_NAME: 'shop', COMPOSE_FILE: 'deploy/a.yml' },
  ],
  ['another project than the compose file names', {}, { name: 'other' }, { COMPOSE_PROJECT_NAME: 'shop' }],
  ['a given key that would mean another project', { env: { COMPOSE_PROJECT_NAME: 'x' } }, {}, { COMPOSE_PROJECT_NAME: 'shop' }], // prettier-ignore
  [
    'a default file beside which Compose would take an override that is shipped',
    { composeFiles: ['docker-compose.yml'] },
    { files: [shipped('docker-compose.override.yml')] },
    { COMPOSE_FILE: 'docker-compose.yml' },
  ],
  ['another project than the folder', { path: '/srv/Other Shop' }, {}, { COMPOSE_PROJECT_NAME: 'shop' }],
  ['profiles', { profiles: ['a', 'b'] }, {}, { COMPOSE_PROFILES: 'a,b' }],
  [
    'named compose files',
    { composeFiles: ['a.yml', 'b.yml'] },
    { composeFiles: ['a.yml', 'b.yml'] },
    { COMPOSE_FILE: 'a.yml:b.yml' },
  ],
  ['a named file that is the default', { composeFiles: ['compose.yaml'] }, { composeFiles: ['compose.yaml'] }, {}],
  ['a scale', { scale: { web: 3 } }, {}, { COMPOSE_FILE: 'docker-compose.yml:.homeport/scale.yml' }],
])('%s', (_, request, shipment, env) => {
  expect(envOf(request, shipment)).toEqual(env);
});

test('a scale is the last compose file', () => {
  const { files, composeFiles } = releaseFiles(deployRequest({ scale: { web: 3 } }), shipmentOf());
  expect(composeFiles).toEqual(['docker-compose.yml', '.homeport/scale.yml']);
  const scale = files.find(({ path }) => path === '.homeport/scale.yml');
  expect(JSON.parse(textOf(scale))).toEqual({ services: { web: { scale: 3 } } });
});

test('the scale of a service with replicas of its own is both', () => {
  const places = new Map([['web replicas', { file: 'docker-compose.yml', line: 3, column: 9 }]]);
  const { files } = releaseFiles(deployRequest({ scale: { web: 3, job: 2 } }), shipmentOf({ places }));
  expect(JSON.parse(textOf(files.find(({ path }) => path === '.homeport/scale.yml')))).toEqual({
    services: { web: { scale: 3, deploy: { replicas: 3 } }, job: { scale: 2 } },
  });
});

test('the env-file that a service names has what it became; .env is written once', () => {
  const reader = (path: string): Partial<Shipment> => ({ envFileReaders: [{ service: 'web', path, raw: false }] });
  const { files } = releaseFiles(
    deployRequest({ envFile: 'prod.env', env: { A: '1' }, profiles: ['x'] }),
    shipmentOf(reader('prod.env')),
  );
  expect(files.map(({ path }) => path)).toEqual(['.env', 'prod.env']);
  expect(Object.fromEntries(parseDotenv(textOf(files[1])))).toEqual({ A: '1' });
  const same = releaseFiles(deployRequest({ envFile: '.env' }), shipmentOf(reader('.env')));
  expect(same.files.map(({ path }) => path)).toEqual(['.env']);
});

test('each env file that services name and that we write has the stack’s own values, once, whatever lay there', () => {
  const readers = ['deploy/.env', 'prod.env', '.env', 'deploy/.env'].map((path) => ({
    service: 'web',
    path,
    raw: false,
  }));
  const { files } = releaseFiles(
    deployRequest({ envFile: './prod.env', env: { A: '1' }, profiles: ['x'] }),
    shipmentOf({ envFileReaders: readers, files: [shipped('prod.env'), shipped('a')] }),
  );
  expect(files.map(({ path }) => path)).toEqual(['a', '.env', 'deploy/.env', 'prod.env']);
  for (const file of files.slice(2)) {
    expect(file.mode).toBe(0o600);
    expect(Object.fromEntries(parseDotenv(textOf(file)))).toEqual({ A: '1' });
  }
});

test('files and build contexts travel apart, each context file once, links as links', () => {
  const link = shipped('link', { link: 'a', mode: 0o777 });
  const shipment = shipmentOf({
    files: [shipped('a', { mode: 0o755 }), link],
    contexts: ['web', 'worker'].map((service) => ({
      service,
      directory: '',
      additional: [],
      files: [shipped('Dockerfile'), link],
    })),
  });
  const { files } = releaseFiles(deployRequest(), shipment);
  expect(tarEntries(files, shipment)).toEqual([
    { path: 'files/a', mode: 0o755, content: { file: '/checkout/a', size: 3 } },
    { path: 'files/link', linkTo: 'a' },
    { path: 'files/.env', mode: 0o600, content: '' },
    { path: 'build/Dockerfile', mode: 0o644, content: { file: '/checkout/Dockerfile', size: 3 } },
    { path: 'build/link', linkTo: 'a' },
  ]);
});

test('the project directory is the folder of the first compose file', () => {
  expect(projectDirectory('/srv/shop', shipmentOf())).toBe('/srv/shop');
  expect(projectDirectory('/srv/shop', shipmentOf({ projectDirectory: 'deploy' }))).toBe('/srv/shop/deploy');
});
