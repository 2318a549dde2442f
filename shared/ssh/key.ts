/**
 * Private keys as people paste them into a secret: ssh itself says only "error in libcrypto" to most of what happens on
 * the way there. Pure text work; whether the key is whole is `ssh-keygen`'s judgement (identity.ts).
 */
import { UserError } from '../base/errors.js';

const INPUT = 'ssh-private-key';

/** The key as OpenSSH reads it: LF, body wrapped, one newline at the end. @throws UserError for what is no private key. */
export function normaliseKey(pasted: string): string {
  const text = cleaned(pasted);
  const key = text.includes('-----BEGIN') ? text : (decoded(text) ?? text);
  const refusal = whatElseItIs(key);
  if (refusal !== undefined) throw new UserError(`${INPUT} ${refusal}`);
  return rewrapped(key);
}

function cleaned(pasted: string): string {
  const text = pasted
    .replace(/^\uFEFF/, '')
    .replaceAll(/\\r/g, '')
    .replaceAll('\\n', '\n')
    .replaceAll(/\r\n?/g, '\n')
    .trim();
  return /^(["'])[^]*\1$/.test(text) ? text.slice(1, -1).trim() : text;
}

/** What base64 of a whole key file says; undefined when it is none. */
function decoded(text: string): string | undefined {
  const packed = text.replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/_-]{40,}={0,2}$/.test(packed)) return undefined;
  const content = Buffer.from(packed, 'base64').toString('utf8');
  return /BEGIN|PuTTY|^(?:ssh|ecdsa|sk)-/.test(content) ? cleaned(content) : undefined;
}

function whatElseItIs(text: string): string | undefined {
  if (text === '') {
    return 'is empty: does the secret exist, does the job name the environment that holds it, and is this no run from a fork?';
  }
  if (/^PuTTY-User-Key-File/m.test(text)) {
    return 'is a PuTTY key (.ppk): convert it with `puttygen key.ppk -O private-openssh -o key` and paste the content of `key`';
  }
  if (/^(?:ssh-|ecdsa-|sk-)[\w@.-]+ [A-Za-z0-9+/]/.test(text) || /BEGIN (?:SSH2 |RSA )?PUBLIC KEY/.test(text)) {
    return 'is a public key: paste the private one (the file without .pub)';
  }
  if (/BEGIN CERTIFICATE-/.test(text)) return 'is a TLS certificate: paste an OpenSSH private key';
  if (/^(?:~|\/|\.\/|[A-Z]:\\)[^\n]*$/.test(text)) return 'is a path: paste the content of the file, not its name';
  const label = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----/.exec(text)?.[1];
  if (label === undefined) return 'is no private key: it has no line `-----BEGIN … PRIVATE KEY-----`';
  if (!text.includes(`-----END ${label}-----`))
    return `is cut off: its last line \`-----END ${label}-----\` is missing`;
  return undefined;
}

function rewrapped(text: string): string {
  const [, label = '', content = ''] =
    /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([^]*?)-----END \1-----/.exec(text) ?? [];
  // Old encrypted PEM has headers before its body.
  const headers = /^\s*(Proc-Type: \S+)\s+(DEK-Info: \S+)\s+/.exec(content);
  const body = content.slice(headers?.[0].length ?? 0).replaceAll(/\s/g, '');
  const head = headers === null ? [] : [headers[1] ?? '', headers[2] ?? '', ''];
  const rows = body.match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...head, ...rows, `-----END ${label}-----`, ''].join('\n');
}

/** A certificate as OpenSSH reads it. @throws UserError */
export function normaliseCertificate(pasted: string): string {
  const text = cleaned(pasted);
  const certificate = text.includes(' ') ? text : (decoded(text) ?? text);
  if (!/^(?:ssh|ecdsa|sk)-[\w@.-]*-cert-v\d\d@openssh\.com [A-Za-z0-9+/=]+/.test(certificate)) {
    throw new UserError(
      'ssh-certificate is no OpenSSH certificate: paste the content of the file that ends in -cert.pub',
    );
  }
  return `${certificate.replaceAll('\n', ' ')}\n`;
}
