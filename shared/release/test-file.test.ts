import { describe, expect, test } from '@jest/globals';
import { EACH_SHELL, numbered, ScriptHost } from '../../test/support/script-host.js';
import { sh } from '../ssh/shell-text.js';
import type { HookFileInput } from './hook-file.js';
import { testFile } from './test-file.js';

const input = (proxy: object, existing: readonly string[]): HookFileInput => ({
  stagedModel: JSON.stringify({
    services: { proxy: { image: 'nginx', volumes: [{ type: 'bind', source: '/r/files/nginx', target: '/etc/nginx' }, { type: 'volume', source: 'certs', target: '/certs' }], ...proxy } },
    networks: { default: { name: 'shop_default' }, front: { name: 'shop_front' }, theirs: { name: 'theirs', external: true } },
    volumes: { certs: { name: 'shop_certs' } },
  }),
  service: 'proxy',
  imageId: 'sha256:1',
  staged: '/r/files',
  path: '/srv/shop',
  shipped: [{ path: 'nginx/nginx.conf' }],
  added: [],
  changed: ['nginx/nginx.conf'],
  existingNetworks: existing,
  existingVolumes: existing,
}); // prettier-ignore
const made = (given: HookFileInput, absent: readonly string[] = []): Record<string, Record<string, object>> =>
  JSON.parse(testFile(given, absent)) as Record<string, Record<string, object>>;

test('it makes nothing: what is not there yet is left out, or empty', () => {
  const file = made(input({ networks: { default: null, front: null, theirs: null } }, ['shop_default']), ['api']);
  expect(file).toMatchObject({ volumes: {} });
  expect(Object.keys(file['networks'] ?? {})).toEqual(['default', 'theirs']);
  expect(file['services']?.['proxy']).toMatchObject({
    networks: ['default', 'theirs'],
    extra_hosts: ['api:127.0.0.1'],
    volumes: [
      { source: '/srv/shop/nginx' },
      { source: '/r/files/nginx/nginx.conf', target: '/etc/nginx/nginx.conf' },
      { type: 'tmpfs', target: '/certs' },
    ],
  });
});

test('without any network of its own yet it gets none; hosts that it names stay', () => {
  expect(made(input({ networks: { front: null } }, []))['services']?.['proxy']).toMatchObject({ network_mode: 'none' });
  expect(made(input({ network_mode: 'service:web' }, []), ['api'])['services']?.['proxy']).not.toHaveProperty(
    'extra_hosts',
  );
  const named = input({ network_mode: 'host', extra_hosts: ['a=10.0.0.1'] }, ['shop_certs']);
  expect(made(named, ['api'])['services']?.['proxy']).toMatchObject({
    extra_hosts: ['a=10.0.0.1', 'api:127.0.0.1'],
    volumes: expect.arrayContaining([{ type: 'volume', source: 'certs', target: '/certs' }]) as unknown,
  });
});

describe.each(EACH_SHELL)('$name', ({ shell }) => {
  const LACKS = 'exec: "nginx": executable file not found in $PATH';
  test.each([
    ['passes', true, 'echo fine', 0, undefined],
    [
      'an error, with what follows from it',
      true,
      'echo "[warn] x"; echo "[emerg] bad"; echo "test failed"; exit 1',
      1,
      '[emerg] bad',
    ],
    ['no word that is known', false, 'echo one; echo two; exit 9', 1, 'two'],
    ['a program that is not there, and nobody asked for it', true, `echo '${LACKS}'; exit 127`, 0, undefined],
    ['a program that is not there, and was asked for', false, `echo '${LACKS}'; exit 127`, 1, LACKS],
  ])('%s', (_, byDefault, script, status, cause) => {
    using host = new ScriptHost();
    const step = { kind: 'test', service: 'proxy', words: 'nginx -t', command: sh`sh -c ${`exec >>"$1"; ${script}`} sh ${host.release.output}`, seconds: 10, container: 'c', mountPoints: ['conf/new'], byDefault } as const; // prettier-ignore
    const context = host.context('tests');
    host.write(numbered(step), { ...context, docker: sh`true` });
    expect(host.run('tests', shell).status).toBe(status);
    expect(host.journal.find(({ word }) => word === 'cause')?.text).toBe(cause);
    expect(host.files).toEqual({});
  });
});
