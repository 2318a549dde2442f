/** Sends what a script reads as its standard input, in the frames that `program.ts` describes. */
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** A frame costs the host one process, so small chunks wait for each other, for a moment. */
const FRAME_BYTES = 1024 * 1024;
const GATHERING_BYTES = 256 * 1024;
const GATHERING_MILLISECONDS = 5;

/** Resolves when all is handed over, or when `stop` aborts; then what was begun is whole, and the reader keeps its place. */
export async function sendPayload(
  channel: Writable,
  payload: string | Buffer | Readable,
  stop: AbortSignal,
): Promise<void> {
  const source =
    typeof payload === 'string' || Buffer.isBuffer(payload) ? [Buffer.from(payload)] : gathered(payload, stop);
  for await (const bytes of source) {
    for (let start = 0; start < bytes.length; start += FRAME_BYTES) {
      if (stop.aborted) return;
      const frame = bytes.subarray(start, start + FRAME_BYTES);
      channel.write(`${frame.length}\n`);
      if (!channel.write(frame)) await drained(channel, stop);
    }
  }
  if (!stop.aborted) channel.write('.\n');
}

async function* gathered(payload: Readable, stop: AbortSignal): AsyncGenerator<Buffer> {
  const chunks = payload[Symbol.asyncIterator]() as AsyncIterator<string | Buffer>;
  const destroy = (): void => void payload.destroy();
  stop.addEventListener('abort', destroy, { once: true });
  let next = chunks.next();
  try {
    for (;;) {
      const first = await next;
      if (first.done === true) return;
      const bytes = [Buffer.from(first.value)];
      let size = bytes[0]?.length ?? 0;
      next = chunks.next();
      const pause = delay(GATHERING_MILLISECONDS, 'pause' as const);
      while (size < GATHERING_BYTES) {
        const more = await Promise.race([next, pause]);
        if (more === 'pause' || more.done === true) break;
        const chunk = Buffer.from(more.value);
        bytes.push(chunk);
        size += chunk.length;
        next = chunks.next();
      }
      yield Buffer.concat(bytes, size);
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    next.catch(() => undefined);
    stop.removeEventListener('abort', destroy);
    destroy();
  }
}

async function drained(channel: Writable, stop: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      channel.off('drain', done).off('close', done);
      stop.removeEventListener('abort', done);
      resolve();
    };
    channel.once('drain', done).once('close', done);
    stop.addEventListener('abort', done, { once: true });
    if (stop.aborted || channel.destroyed) done();
  });
}
