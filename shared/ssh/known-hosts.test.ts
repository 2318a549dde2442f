import { expect, test } from '@jest/globals';
import { UserError } from '../base/errors.js';
import { bestKey, fingerprintOf, isEmpty, knownHostsFile, nameInKnownHosts, parseKnownHosts } from './known-hosts.js';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2Yk0Kq0bEYk6bPxRLQBVZ1w1QKX8xQvYw6mH0sQk7d';
const PRINT = 'SHA256:uNiVztksCsDhcc0u9e8BrWpDY3rg1LMSF1EXS3rSLYU';

test.each([
  [`host ${KEY} comment`, [`host ${KEY} comment`]],
  [`a,b,*.c\t${KEY}`, [`a,b,*.c ${KEY}`]],
  [
    `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ${KEY}`,
    [`|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ${KEY}`],
  ],
  [`@cert-authority *.example ${KEY}`, [`@cert-authority *.example ${KEY}`]],
  [`@revoked * ${KEY}`, [`@revoked * ${KEY}`]],
])('%s names its hosts itself', (text, lines) => {
  expect(parseKnownHosts(text)).toEqual({ acceptAny: false, lines, bareKeys: [], fingerprints: [] });
});

test('bare keys and authorities are bound to the hosts on the way', () => {
  const known = parseKnownHosts(`# c\r\n\r\n${KEY} root@host\r\n@cert-authority ${KEY}`);
  expect(known.bareKeys).toEqual([KEY, `@cert-authority ${KEY}`]);
  expect(knownHostsFile(known, ['[a]:2222', 'b'], [`x ${KEY}`])).toBe(
    `[a]:2222,b ${KEY}\n@cert-authority [a]:2222,b ${KEY}\nx ${KEY}\n`,
  );
});

test.each([PRINT, `${PRINT}=`, `256 ${PRINT} root@host (ED25519)`, `  ${PRINT}  `])('%j is a fingerprint', (text) => {
  expect(parseKnownHosts(text).fingerprints).toEqual([PRINT]);
});

test('the word, and nothing', () => {
  expect(parseKnownHosts('insecure-accept-any\n').acceptAny).toBe(true);
  expect(isEmpty(parseKnownHosts('\n# nothing\n'))).toBe(true);
  expect(isEmpty(parseKnownHosts(PRINT))).toBe(false);
});

test('every line that is none is named', () => {
  expect(() => parseKnownHosts('yes\nMD5:aa:bb\n-----BEGIN OPENSSH PRIVATE KEY-----')).toThrow(UserError);
  expect(() => parseKnownHosts('yes\nMD5:aa:bb\nhost ssh-ed25519')).toThrow(/"yes".*\n.*MD5.*\n.*"host ssh-ed25519"/);
});

test('names, fingerprints, preference', () => {
  expect(nameInKnownHosts('h', 22)).toBe('h');
  expect(nameInKnownHosts('::1', 2222)).toBe('[::1]:2222');
  expect(fingerprintOf(`h ${KEY}`)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  expect(bestKey(['h ssh-rsa AAAA', 'h ecdsa-sha2-nistp256 AAAA', `h ${KEY}`])).toBe(`h ${KEY}`);
  expect(bestKey(['h ssh-dss AAAA', 'h ssh-rsa AAAA'])).toBe('h ssh-rsa AAAA');
});
