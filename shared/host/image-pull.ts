/** A pull's progress as lines for people. An error comes inside an answer that said 200: it is a failure all the same. */
import { EngineFailure } from './engine-failure.js';
import { jsonLines } from './engine-streams.js';
import { fields, text } from './shape.js';

/** Bars that move many times a second say nothing in a log. */
const MOVING = /^(?:Downloading|Extracting|Waiting|Verifying Checksum|Pulling fs layer|Download complete)$/;

/** Reads a pull to its end. @throws EngineFailure with what the engine said; without a last word, a pull that was cut off */
export async function pullImage(
  host: string,
  answer: AsyncIterable<Buffer | string>,
  onProgress: (line: string) => void = () => undefined,
): Promise<void> {
  let finished = false;
  for await (const value of jsonLines(answer)) {
    const line = fields(value);
    const detail = text(fields(line['errorDetail'])['message']);
    const error = detail === '' ? text(line['error']) : detail;
    if (error !== '') throw new EngineFailure(host, 0, error);
    const status = text(line['status']);
    if (/^(?:Status|Digest):/.test(status)) finished = true;
    if (status === '' || MOVING.test(status)) continue;
    onProgress([text(line['id']), status].filter((part) => part !== '').join(': '));
  }
  if (!finished) throw new EngineFailure(host, 0, 'the pull ended before it was complete');
}
