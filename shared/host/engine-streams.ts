/** The engine's streams: JSON values one after another, and the two outputs of a container in one. */
import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';

/** Values separated by line breaks, as they come. */
export async function* jsonLines(answer: AsyncIterable<Buffer | string>): AsyncGenerator {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const part of answer) {
    rest += typeof part === 'string' ? part : decoder.write(part);
    const complete = rest.split('\n');
    rest = complete.pop() ?? '';
    for (const line of complete) if (line.trim() !== '') yield JSON.parse(line) as unknown;
  }
  if (rest.trim() !== '') yield JSON.parse(rest) as unknown;
}

/** `[stream, 0, 0, 0, size × 4]` before each piece; a container with a terminal has none of it. */
export function demultiplexed(log: Buffer): string {
  const pieces: Buffer[] = [];
  let at = 0;
  while (at < log.length) {
    if (!isFrame(log, at)) return log.toString('utf8');
    const size = log.readUInt32BE(at + 4);
    pieces.push(log.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return Buffer.concat(pieces).toString('utf8');
}

function isFrame(log: Buffer, at: number): boolean {
  return at + 8 <= log.length && (log[at] ?? 3) <= 2 && log[at + 1] === 0 && log[at + 2] === 0 && log[at + 3] === 0;
}

export async function wholeBody(answer: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
