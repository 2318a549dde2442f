/**
 * One output stream of a session: what lies between its two marks is the script's. Kept up to a limit (the last of it),
 * and told line by line as it comes.
 */
import { StringDecoder } from 'node:string_decoder';

const KEPT_BYTES = 1024 * 1024;
/** A line without an end must not fill the memory. */
const LONGEST_LINE = 64 * 1024;

/** What a mark says: `begin`, a status, `group`, `frame`. */
export type Mark = string;

export class MarkedOutput {
  readonly #mark: Buffer;
  readonly #onMark: (mark: Mark) => void;
  readonly #lines: LineReader;
  readonly #kept = new Tail(KEPT_BYTES);
  readonly #before = new Tail(8 * 1024);
  #pending: Buffer = Buffer.alloc(0);
  #state: 'before' | 'within' | 'after' = 'before';

  constructor(nonce: string, onMark: (mark: Mark) => void, onLine?: (line: string) => void) {
    this.#mark = Buffer.from(`${nonce}:`);
    this.#onMark = onMark;
    this.#lines = new LineReader(onLine);
  }

  write(chunk: Buffer): void {
    if (this.#state === 'after') return;
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const start = this.#pending.indexOf(this.#mark);
      const end = start < 0 ? -1 : this.#pending.indexOf('\n', start);
      if (start < 0 || end < 0) {
        this.#release(start);
        return;
      }
      this.#take(this.#pending.subarray(0, start));
      const mark = this.#pending.toString('utf8', start + this.#mark.length, end);
      this.#pending = this.#pending.subarray(end + 1);
      this.#pass(mark);
      if (this.#ended) return;
    }
  }

  /** The stream is over, with its last mark or without. */
  end(): void {
    if (this.#state === 'after') return;
    this.#take(this.#pending);
    this.#pending = Buffer.alloc(0);
    this.#lines.end();
  }

  /** The script's output, its last mebibyte. */
  get text(): string {
    return this.#kept.text;
  }

  /** What came before the script began: words of a login shell, or of ssh itself. */
  get textBefore(): string {
    return this.#before.text;
  }

  get #ended(): boolean {
    return this.#state === 'after';
  }

  #pass(mark: Mark): void {
    if (mark === 'begin') this.#state = 'within';
    else if (mark !== 'frame') {
      this.#state = 'after';
      this.#lines.end();
    }
    this.#onMark(mark);
  }

  /** Hands on all that can be no beginning of a mark. */
  #release(start: number): void {
    const keep = start < 0 ? this.#beginningOfMark() : this.#pending.length - start;
    this.#take(this.#pending.subarray(0, this.#pending.length - keep));
    this.#pending = this.#pending.subarray(this.#pending.length - keep);
  }

  #beginningOfMark(): number {
    for (let length = Math.min(this.#mark.length - 1, this.#pending.length); length > 0; length -= 1) {
      if (this.#pending.subarray(-length).equals(this.#mark.subarray(0, length))) return length;
    }
    return 0;
  }

  #take(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#state === 'before') {
      this.#before.write(bytes);
    } else {
      this.#kept.write(bytes);
      this.#lines.write(bytes);
    }
  }
}

/** The last bytes of a stream, cut at a character. */
class Tail {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  write(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#size += bytes.length;
    // Cut seldom, so that a stream of small chunks costs no copying.
    if (this.#size > 2 * this.#limit) this.#cut();
  }

  get text(): string {
    this.#cut();
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  #cut(): void {
    if (this.#size <= this.#limit) return;
    const all = Buffer.concat(this.#chunks);
    let start = all.length - this.#limit;
    while (start < all.length && ((all[start] ?? 0) & 0xc0) === 0x80) start += 1;
    this.#chunks = [Buffer.from(all.subarray(start))];
    this.#size = all.length - start;
  }
}

class LineReader {
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #decoder = new StringDecoder('utf8');
  #partial = '';

  constructor(onLine: ((line: string) => void) | undefined) {
    this.#onLine = onLine;
  }

  write(bytes: Buffer): void {
    if (this.#onLine === undefined) return;
    const lines = (this.#partial + this.#decoder.write(bytes)).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line.replace(/\r$/, ''));
    if (this.#partial.length > LONGEST_LINE) this.#flush();
  }

  end(): void {
    if (this.#onLine === undefined) return;
    this.#partial += this.#decoder.end();
    if (this.#partial !== '') this.#flush();
  }

  #flush(): void {
    this.#onLine?.(this.#partial);
    this.#partial = '';
  }
}
