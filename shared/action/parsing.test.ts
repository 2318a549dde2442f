import { describe, expect, test } from '@jest/globals';
import { thrownBy } from '../config/test-folder.js';
import { parseHost } from './host-address.js';
import { parseRegistries, withJobToken } from './registry-logins.js';

describe('host', () => {
  test.each([
    ['deploy@203.0.113.7', 'deploy', '203.0.113.7', undefined],
    [' deploy@shop.example:2222 ', 'deploy', 'shop.example', 2222],
    ['deploy@[2001:db8::1]:22', 'deploy', '2001:db8::1', 22],
    ['a@[fe80::1%eth0]', 'a', 'fe80::1%eth0', undefined],
    ['ssh://deploy@shop.example:22', 'deploy', 'shop.example', 22],
    ['user@corp@shop', 'user@corp', 'shop', undefined],
  ])('%s', (text, user, hostname, port) => {
    expect(parseHost(text)).toEqual({ kind: 'ssh', user, hostname, port });
  });

  test('local is this machine', () => {
    expect(parseHost('local')).toEqual({ kind: 'local' });
  });

  test.each([
    ['203.0.113.7', /not "203\.0\.113\.7": it names no user, such as deploy@203\.0\.113\.7$/],
    ['shop.example:22', /it names no user, such as deploy@shop\.example:22$/],
    ['deploy@2001:db8::1', /brackets, such as \[2001:db8::1\]/],
    ['-oProxyCommand=x@shop', /is no user name/],
    ['a@-oProxyCommand', /is no host name/],
    ['a b@shop', /is no user name/],
    ['a@shop:ssh', /"ssh" is no port/],
    ['a@shop:0', /"0" is no port/],
    ['a@shop:65536', /is no port/],
    ['a@shop;reboot', /is no host/],
    ['a@', /is no host name/],
    ['a@[shop]', /is no host name/],
    ['a@shop/path', /is no host/],
  ])('%s is refused', (text, message) => {
    expect(thrownBy(() => parseHost(text))).toEqual([expect.stringMatching(message)]);
  });
});

describe('registries', () => {
  test('one a line; only the first two blanks separate', () => {
    expect(
      parseRegistries('ghcr.io  bot\tp w d  \r\n\n# comment\nhttps://index.docker.io/v1/ me x\nREG.example:5000 u $p#'),
    ).toEqual([
      { registry: 'ghcr.io', username: 'bot', password: 'p w d' },
      { registry: 'docker.io', username: 'me', password: 'x' },
      { registry: 'reg.example:5000', username: 'u', password: '$p#' },
    ]);
  });

  test('what is no login is named by its line only, the empty secret as the likely cause', () => {
    expect(thrownBy(() => parseRegistries('ghcr.io bot s3cret\nghcr.io bot \nonly'))).toEqual([
      'registries, line 2: must be "registry username password"; the password is missing: is its secret empty?',
      'registries, line 3: must be "registry username password"',
    ]);
  });

  test("the job's own token is tried for ghcr.io, but never instead of a login that was given", () => {
    const own = { registry: 'ghcr.io', username: 'bot', password: 'x' };
    expect(withJobToken([], 'token', 'octo')).toEqual([
      { registry: 'ghcr.io', username: 'octo', password: 'token', optional: true },
    ]);
    expect(withJobToken([own], 'token', 'octo')).toEqual([own]);
    expect(withJobToken([], undefined, 'octo')).toEqual([]);
  });
});
