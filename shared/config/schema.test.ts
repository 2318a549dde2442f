import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import schema from '../../homeport.schema.json' with { type: 'json' };
import { schemaErrors } from './schema.js';

interface Node {
  readonly description?: string;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly definitions?: Readonly<Record<string, Node>>;
}

/** Every property anywhere in the schema, by its path. */
function properties(node: Node, at = ''): [string, Node][] {
  const own = Object.entries(node.properties ?? {}).map(([key, child]): [string, Node] => [`${at}.${key}`, child]);
  const more = typeof node.additionalProperties === 'object' ? properties(node.additionalProperties, `${at}.*`) : [];
  const items = node.items === undefined ? [] : properties(node.items, `${at}[]`);
  const definitions = Object.entries(node.definitions ?? {}).flatMap(([key, child]) => properties(child, `#${key}`));
  return [...own, ...own.flatMap(([path, child]) => properties(child, path)), ...more, ...items, ...definitions];
}

describe('the published schema', () => {
  const root = schema as unknown as Node;

  test('is a schema itself', () => {
    expect(() => new Ajv({ strictTypes: false }).compile(schema)).not.toThrow();
  });

  test('describes every key, as the documentation is made of it', () => {
    const mute = properties(root).filter(([, node]) => node.description === undefined && node.$ref === undefined);
    expect(mute.map(([path]) => path)).toEqual([]);
  });

  test('an environment takes every key of the file but the two that make no sense there', () => {
    const expected = Object.keys(root.properties ?? {}).filter((key) => key !== 'homeport' && key !== 'environments');
    expect(Object.keys(root.definitions?.['stack']?.properties ?? {})).toEqual(expected);
  });

  test('takes the whole example of the interface', () => {
    expect(schemaErrors(EXAMPLE)).toEqual([]);
  });
});

const EXAMPLE = {
  homeport: 1,
  project: 'shop',
  path: '/srv/shop',
  compose: { files: ['docker-compose.yml', 'docker-compose.prod.yml'], profiles: ['full'] },
  scale: { worker: 2 },
  ship: ['nginx/'],
  'env-file': '.env.production',
  'env-source': 'checkout',
  'env-check': {
    template: '.env.example',
    rules: {
      SECRET_KEY: { 'min-length': 32 },
      CORS_ORIGINS: { not: '*' },
      LOG_LEVEL: { 'one-of': ['INFO', 'WARNING'] },
    },
  },
  adopt: 'exact',
  drift: 'stop',
  pull: { db: 'always' },
  rollout: { web: { strategy: 'rolling', batch: 1, drain: '10s', 'before-stop': ['nginx', '-s', 'quit'] } },
  hooks: {
    'before-switch': [{ run: 'web', command: ['python', 'manage.py', 'migrate'], timeout: '10m' }],
    'after-switch': [{ exec: 'web', command: 'python manage.py collectstatic --noinput', 'on-return': 'rerun' }],
    'before-rollback': [{ run: 'web', image: 'leaving', command: ['alembic', 'downgrade', '-1'] }],
    'after-rollback': [],
  },
  tasks: { vacuum: { exec: 'db', command: ['psql', '-c', 'VACUUM ANALYZE'], timeout: '1h', 'backup-first': false } },
  rotate: [{ service: 'db', user: 'app', password: 'DB_PASSWORD' }],
  'on-file-change': { nginx: { test: ['nginx', '-t'], signal: 'HUP' } },
  health: { timeout: '120s', stable: '5s' },
  smoke: [
    {
      name: 'serves this release',
      http: 'https://shop.example/version',
      expect: { json: { '$.commit': '${HOMEPORT_COMMIT}' } },
    },
    {
      name: 'ready',
      http: 'http://localhost:8000/health/ready',
      from: 'host',
      expect: { status: 200, time: { max: '2s' } },
    },
  ],
  backup: {
    databases: 'auto',
    volumes: ['media'],
    files: ['.env', 'nginx/'],
    storage: { type: 'host' },
    'encrypt-to': ['age1...', 'ssh-ed25519 ...'],
    keep: { last: 7, daily: 7, weekly: 4, monthly: 6 },
    verify: 'restore',
    'max-age': '36h',
  },
  'keep-releases': 5,
  'archive-images': false,
  policy: { level: 'warn', rules: { 'published-data-port': 'error', 'resource-limits': 'off' } },
  notify: [{ webhook: '${SLACK_URL}', format: 'slack', on: 'failure' }],
  environments: {
    production: {
      host: 'deploy@203.0.113.7',
      'known-hosts': 'ssh-ed25519 AAAA...',
      path: '/srv/shop',
      url: 'https://shop.example',
    },
    staging: { host: 'deploy@203.0.113.8', 'known-hosts': 'SHA256:...' },
  },
};
