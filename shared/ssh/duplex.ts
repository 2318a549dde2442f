/** A command's standard input and output on a host as one stream: what `docker system dial-stdio` needs. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { Duplex } from 'node:stream';
import { HostFailure } from '../base/errors.js';
import { duplexProgram } from './program.js';
import { newNonce } from './session.js';
import type { ShellText } from './shell-text.js';

export interface DuplexSetup {
  readonly host: string;
  readonly start: () => ChildProcessWithoutNullStreams;
  readonly script: ShellText;
  readonly shell: string;
  readonly onClosed: () => void;
}

/** Resolves when the command is about to begin. @throws HostFailure when the channel does not come that far. */
export async function openDuplex(setup: DuplexSetup): Promise<Duplex> {
  const stream = new ChannelStream(setup);
  await stream.begun;
  return stream;
}

class ChannelStream extends Duplex {
  readonly begun: Promise<void>;
  #begin: () => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;
  readonly #channel: ChildProcessWithoutNullStreams;
  readonly #host: string;
  readonly #mark: Buffer;
  #stderr = '';
  #stderrBegun = false;
  /** What came on stdout before its mark; undefined from the mark on. */
  #before: Buffer | undefined = Buffer.alloc(0);

  constructor(setup: DuplexSetup) {
    super({ allowHalfOpen: true });
    this.begun = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#fail = reject;
    });
    this.begun.catch(() => undefined);
    const nonce = newNonce();
    this.#host = setup.host;
    this.#mark = Buffer.from(`${nonce}:begin\n`);
    this.#channel = setup.start();
    this.#channel.once('exit', setup.onClosed).once('error', setup.onClosed);
    this.#listen();
    this.#channel.stdin.write(duplexProgram(nonce, setup.script, setup.shell).text);
  }

  override _read(): void {
    this.#channel.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#channel.stdin.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#channel.stdin.end(() => {
      done();
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { stdin, stdout, stderr } = this.#channel;
    stdin.destroy();
    stdout.destroy();
    stderr.destroy();
    this.#channel.kill();
    done(error);
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#channel;
    stdin.on('error', () => undefined);
    stdout.on('data', (chunk: Buffer) => {
      this.#hear(chunk);
    });
    stderr.on('data', (chunk: Buffer) => {
      this.#hearStderr(chunk);
    });
    this.#channel.on('error', (error) => {
      this.#lose(error.message);
    });
    this.#channel.on('close', (code) => {
      if (code === 0 && this.#isBegun) this.push(null);
      else this.#lose(`ended with status ${code ?? 'none'}`);
    });
  }

  #hear(chunk: Buffer): void {
    let data = chunk;
    if (this.#before !== undefined) {
      const all = Buffer.concat([this.#before, chunk]);
      const start = all.indexOf(this.#mark);
      this.#before = start < 0 ? all : undefined;
      if (start < 0) return;
      data = all.subarray(start + this.#mark.length);
      this.#maybeBegin();
      if (data.length === 0) return;
    }
    if (!this.push(data)) this.#channel.stdout.pause();
  }

  #hearStderr(chunk: Buffer): void {
    this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-8192);
    const mark = this.#mark.toString();
    const start = this.#stderrBegun ? -1 : this.#stderr.indexOf(mark);
    if (start < 0) return;
    this.#stderr = this.#stderr.slice(start + mark.length);
    this.#stderrBegun = true;
    this.#maybeBegin();
  }

  get #isBegun(): boolean {
    return this.#stderrBegun && this.#before === undefined;
  }

  #maybeBegin(): void {
    if (this.#isBegun) this.#begin();
  }

  #lose(how: string): void {
    const last = this.#stderr
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .slice(-10);
    const failure = new HostFailure(
      this.#host,
      `${this.#host}: a command's channel ${how}${last.length > 0 ? `: ${last.join(' ')}` : ''}`,
      last,
    );
    this.#fail(failure);
    // Before the beginning nobody listens to the stream yet.
    this.destroy(this.#isBegun ? failure : undefined);
  }
}
