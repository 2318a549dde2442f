import { expect, test } from '@jest/globals';
import type { MissingBind, MissingFile } from '../compose/missing-bind.js';
import { TestCheckout } from '../compose/test-checkout.js';
import { layoutOf } from '../host/layout.js';
import { openLocal } from '../ssh/local.js';
import { missingOnHost } from './missing-on-host.js';

const bind = (path: string, looks: MissingBind['looks'], near?: string): MissingBind => ({
  service: 'web',
  path,
  place: { file: 'docker-compose.yml', line: 4, column: 9 },
  near,
  looks,
});
const secret = (path: string, near?: string): MissingFile => ({
  what: 'secret',
  path,
  place: { file: 'docker-compose.yml', line: 9, column: 20 },
  near,
});

test('a file that neither checkout nor host has is refused, what may be one is told, what the host has is its own', async () => {
  using folder = new TestCheckout({ 'own.conf': '', 'sub/it.conf': '' });
  const host = { shell: openLocal(), layout: layoutOf(folder.root) };
  const own = [bind('own.conf', 'file'), bind('sub/it.conf', 'file')];
  expect(await missingOnHost(host, [...own, bind('tokn', 'doubt', 'token')], [secret('sub/it.conf')])).toEqual([
    {
      message: `web binds ./tokn, which is neither in the checkout nor in ${folder.root} on the host: did you mean ./token? Docker would make an empty folder of that name there, owned by root`,
      file: 'docker-compose.yml',
      line: 4,
      column: 9,
    },
  ]);
  await expect(missingOnHost(host, [...own, bind('ngnix.conf', 'file')], [secret('nope', 'nop')])).rejects.toThrow(
    /^docker-compose\.yml:4:9: web binds \.\/ngnix\.conf, which is neither[^]*\ndocker-compose\.yml:9:20: the secret \.\/nope is neither in the checkout nor in .* on the host: did you mean \.\/nop\?/,
  );
  const empty = { ...host, layout: layoutOf(`${folder.root}/not/there`) };
  await expect(missingOnHost(empty, own, [])).rejects.toThrow('own.conf');
  await host.shell.close();
});
