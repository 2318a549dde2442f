import { describe, expect, test } from '@jest/globals';
import { Redactor } from '../base/redactor.js';
import { captured } from './captured.js';
import { Mask, mayBeSecret } from './masking.js';

async function masked(...values: string[]): Promise<{ masks: string[]; redact: (text: string) => string }> {
  const redactor = new Redactor();
  const lines = await captured(() => {
    new Mask(redactor).values(values);
  });
  return { masks: lines.map((line) => line.replace('::add-mask::', '')), redact: (text) => redactor.redact(text) };
}

describe('what may be a secret', () => {
  test.each(['hunter22', 'sk_live_1', 'p@ss w0rd', 'postgres://a:b@db/x', '0x12ab34'])('%s', (value) => {
    expect(mayBeSecret(value)).toBe(true);
  });

  test.each([
    '22',
    'root',
    'true',
    'short',
    '5432',
    '123456789',
    '127.0.0.1',
    '2026-01-02 03:04',
    'production',
    'Postgres',
    ' localhost ',
    '',
  ])('not %j', (value) => {
    expect(mayBeSecret(value)).toBe(false);
  });
});

test('each value is masked for the runner', async () => {
  expect((await masked('hunter22', 'true', 'p%ss\tword')).masks).toEqual(['hunter22', 'p%25ss\tword']);
});

test('lines of a secret by themselves, the short ones and the armour of a key not', async () => {
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----\r\nb3BlbnNzaC1rZXk\r\nAQ==\r\n-----END OPENSSH PRIVATE KEY-----\r\n';
  expect((await masked(key)).masks).toEqual(['b3BlbnNzaC1rZXk']);
});

test('the redactor knows a value also as tools write it', async () => {
  const { redact } = await masked(`it's $5 "&" ü`);
  const forms = [
    `'it'\\''s $5 "&" ü'`,
    "https://u:it's%20%245%20%22%26%22%20%C3%BC@db",
    `{"a":"it's $5 \\"&\\" ü"}`,
    `A=it's $$5 "&" ü`,
    Buffer.from(`it's $5 "&" ü`).toString('base64'),
  ];
  for (const form of forms) expect(redact(form)).toContain('***');
});

test.each(['', 'a', 'ab', 'user:'])('the redactor knows a value inside of base64, behind %j', async (before) => {
  const { redact } = await masked('correct-horse-ü?ÿ');
  for (const after of ['', '\n', '!"', ':/?']) {
    for (const encoding of ['base64', 'base64url'] as const) {
      const shown = redact(Buffer.from(`${before}correct-horse-ü?ÿ${after}`).toString(encoding));
      // What is left are the bits that belong to what is around it too.
      expect(shown).toMatch(/^.{0,8}\*{3}.{0,8}$/);
    }
  }
});

test('and as it stands in the `.env` of the host', async () => {
  const { redact } = await masked(`CAN1-$a b"c'-55aa`);
  expect(redact('S="CAN1-$$a b\\"c\'-55aa"')).toBe('S="***"');
});

test('what the workflow says openly is no secret', async () => {
  const redactor = new Redactor();
  const lines = await captured(() => {
    new Mask(redactor).values(['webshop', 'other-value'], ['webshop', undefined]);
  });
  expect(lines).toEqual(['::add-mask::other-value']);
  expect(redactor.redact('webshop other-value')).toBe('webshop ***');
});
