import { describe, expect, test } from '@jest/globals';
import { UserError } from '../base/errors.js';
import { normaliseCertificate, normaliseKey } from './key.js';

const BODY = Array.from({ length: 3 }, (_, row) => String(row).repeat(64)).join('\n');
const KEY = `-----BEGIN OPENSSH PRIVATE KEY-----\n${BODY}\nabcd==\n-----END OPENSSH PRIVATE KEY-----\n`;
const OLD = `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n${BODY}\n-----END RSA PRIVATE KEY-----\n`;

describe.each([
  ['OpenSSH', KEY],
  ['old encrypted PEM', OLD],
])('%s', (_kind, key) => {
  test.each<[string, (text: string) => string]>([
    ['as it is', (text) => text],
    ['no last newline', (text) => text.trim()],
    ['CRLF', (text) => text.replaceAll('\n', '\r\n')],
    ['CR', (text) => text.replaceAll('\n', '\r')],
    ['blanks for newlines', (text) => text.replaceAll('\n', ' ')],
    ['literal \\n', (text) => text.replaceAll('\n', '\\n')],
    ['literal \\r\\n', (text) => text.replaceAll('\n', '\\r\\n')],
    ['byte order mark', (text) => `\uFEFF${text}`],
    ['quotes', (text) => `'${text}'`],
    ['text around', (text) => `my key:\n${text}\nbye`],
    ['base64', (text) => Buffer.from(text).toString('base64')],
    ['base64 of CRLF', (text) => Buffer.from(text.replaceAll('\n', '\r\n')).toString('base64')],
  ])('%s', (_form, paste) => {
    expect(normaliseKey(paste(key))).toBe(key);
  });
});

test.each([
  ['', /is empty/],
  ['ssh-ed25519 AAAAC3NzaC1 me@here', /public key/],
  [Buffer.from(`ssh-ed25519 ${'A'.repeat(68)} me`).toString('base64'), /public key/],
  ['---- BEGIN SSH2 PUBLIC KEY ----', /public key/],
  ['PuTTY-User-Key-File-2: ssh-rsa', /PuTTY/],
  ['-----BEGIN OPENSSH PRIVATE KEY-----\nabc', /cut off/],
  ['-----BEGIN CERTIFICATE-----\nabc', /TLS certificate/],
  ['/home/me/.ssh/id_rsa', /path/],
  ['hunter2', /no private key/],
])('%j is refused with what it is', (pasted, message) => {
  expect(() => normaliseKey(pasted)).toThrow(message);
  expect(() => normaliseKey(pasted)).toThrow(UserError);
});

test('a refusal never repeats the secret', () => {
  expect(() => normaliseKey('my secret text')).toThrow(/^(?!.*my secret)/);
});

test('a certificate loses its line ends', () => {
  const certificate = 'ssh-ed25519-cert-v01@openssh.com AAAAIHNz comment';
  expect(normaliseCertificate(`\uFEFF${certificate}\r\n`)).toBe(`${certificate}\n`);
  expect(normaliseCertificate(Buffer.from(certificate).toString('base64'))).toBe(`${certificate}\n`);
});
