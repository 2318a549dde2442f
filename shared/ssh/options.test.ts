import { expect, test } from '@jest/globals';
import { checkEndpoint, parseExtraOptions, parseJumps, sshConfig } from './options.js';

const target = { hostname: '203.0.113.7', port: 2222, user: 'deploy' };
const parts = {
  target,
  jumps: [],
  extra: { lines: [], usesProxy: false, hostKeyAlias: undefined },
  identity: ['IdentityFile "/tmp/hp-x/key"'],
  identityIsOurs: true,
  knownHostsFile: '/tmp/hp-x/known_hosts',
  acceptAny: false,
};

test('what must hold stands above what the user may set, since the first value wins', () => {
  const config = sshConfig({ ...parts, extra: { ...parts.extra, lines: ['ServerAliveInterval 5'] } });
  const at = (text: string): number => config.indexOf(text);
  expect(at('StrictHostKeyChecking yes')).toBeGreaterThan(0);
  expect(at('StrictHostKeyChecking yes')).toBeLessThan(at('ServerAliveInterval 5'));
  expect(at('IdentityFile')).toBeLessThan(at('ServerAliveInterval 5'));
  expect(at('ServerAliveInterval 5')).toBeLessThan(at('ServerAliveInterval 15'));
  expect(config).toContain('  HostName 203.0.113.7\n  Port 2222\n  User deploy\n');
});

test('bastions are a chain', () => {
  const jumps = parseJumps('ops@b1, b2:2200');
  const config = sshConfig({ ...parts, jumps });
  expect(config).toMatch(/Host homeport-host\n {2}HostName 203.0.113.7\n.*\n.*\n {2}ProxyJump homeport-jump-2\n/);
  expect(config).toContain(
    'Host homeport-jump-1\n  HostName b1\n  Port 22\n  User ops\nHost homeport-jump-2\n  HostName b2\n  Port 2200\n  ProxyJump homeport-jump-1\n',
  );
});

test('no verification only when asked for in words', () => {
  expect(sshConfig({ ...parts, acceptAny: true })).toContain(
    'StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null',
  );
});

test('a zone is no token', () => {
  expect(sshConfig({ ...parts, target: { ...target, hostname: 'fe80::1%eth0' } })).toContain('HostName fe80::1%%eth0');
});

test.each([
  ['a@b', [{ user: 'a', hostname: 'b', port: 22 }]],
  ['ssh://a@b:7', [{ user: 'a', hostname: 'b', port: 7 }]],
  [
    'a@[::1]:7,::2',
    [
      { user: 'a', hostname: '::1', port: 7 },
      { user: undefined, hostname: '::2', port: 22 },
    ],
  ],
  ['', []],
])('bastions %j', (text, jumps) => {
  expect(parseJumps(text)).toEqual(jumps);
});

test.each(['-oProxyCommand=x', 'a b', 'a\nProxyCommand x', '$(x)', ''])('%j is no host name', (hostname) => {
  expect(() => {
    checkEndpoint('host', { ...target, hostname });
  }).toThrow(/host: /);
});

test.each(['-l', 'a b', 'a\nb', 'a"', '$x'])('%j is no user name', (user) => {
  expect(() => {
    checkEndpoint('host', { ...target, user });
  }).toThrow(/no user name/);
});

test('extra options: what they tell us, and all that is refused at once', () => {
  const none = { key: false, jump: false };
  expect(parseExtraOptions('ProxyCommand=nc %h %p\n\n# c\nHostKeyAlias x\nIdentityFile ~/k', none)).toEqual({
    lines: ['ProxyCommand nc %h %p', 'HostKeyAlias x', 'IdentityFile ~/k'],
    usesProxy: true,
    hostKeyAlias: 'x',
  });
  expect(() => parseExtraOptions('stricthostkeychecking=no\nInclude x\nport', none)).toThrow(
    /line 1.*\n.*line 2.*\n.*line 3/,
  );
});
