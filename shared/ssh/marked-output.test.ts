import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MarkedOutput } from './marked-output.js';

const NONCE = '0123456789abcdef0123456789abcdef';

function read(
  stream: Buffer,
  cuts: readonly number[],
): { text: string; before: string; lines: string[]; marks: string[] } {
  const lines: string[] = [];
  const marks: string[] = [];
  const output = new MarkedOutput(
    NONCE,
    (mark) => marks.push(mark),
    (line) => lines.push(line),
  );
  const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
  let start = 0;
  for (const place of [...places, stream.length]) {
    output.write(stream.subarray(start, place));
    start = place;
  }
  output.end();
  return { text: output.text, before: output.textBefore, lines, marks };
}

test('however the stream is cut, the output between its marks is told whole', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constant(NONCE.slice(0, 20)),
    fc.constant('\n'),
    fc.constant(NONCE),
  );
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('').replaceAll(':', ';'));
  fc.assert(
    fc.property(text, text, text, fc.array(fc.nat(), { maxLength: 12 }), (before, body, after, cuts) => {
      const stream = Buffer.from(`${before}${NONCE}:begin\n${body}${NONCE}:3\n${after}`);
      const heard = read(stream, cuts);
      expect(heard).toMatchObject({ text: body, before, marks: ['begin', '3'] });
      expect(heard.lines).toEqual(
        body
          .split('\n')
          .map((line) => line.replace(/\r$/, ''))
          .filter((line, index, all) => index < all.length - 1 || line !== ''),
      );
    }),
  );
});

test('a stream that breaks gives what came', () => {
  expect(read(Buffer.from(`${NONCE}:begin\nhalf ${NONCE.slice(0, 9)}`), [])).toMatchObject({
    text: `half ${NONCE.slice(0, 9)}`,
    marks: ['begin'],
  });
});

test('the last mebibyte is kept, cut at a character', () => {
  const output = new MarkedOutput(NONCE, () => undefined);
  output.write(Buffer.from(`${NONCE}:begin\n`));
  for (let count = 0; count < 300; count += 1) output.write(Buffer.from('ü'.repeat(5000) + 'x'));
  expect(Buffer.byteLength(output.text)).toBeLessThanOrEqual(1024 * 1024);
  expect(output.text).not.toContain('\uFFFD');
});

test('a line without an end is told in pieces', () => {
  const lines: string[] = [];
  const output = new MarkedOutput(
    NONCE,
    () => undefined,
    (line) => lines.push(line),
  );
  output.write(Buffer.from(`${NONCE}:begin\n${'x'.repeat(70_000)}`));
  expect(lines).toHaveLength(1);
});
