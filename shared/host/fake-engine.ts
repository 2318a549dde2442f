/** For the unit ring only: an HTTP server at the other end of a stream, which answers as a Docker Engine would. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import { EngineConnection, type ConnectionOptions } from './engine-connection.js';

export type Handler = (request: IncomingMessage, answer: ServerResponse) => void;

/** Two streams, each the other's far end; with the methods that Node's server expects of a socket. */
class End extends Duplex {
  far: End | undefined;
  #want: (() => void) | undefined;

  override _read(): void {
    const want = this.#want;
    this.#want = undefined;
    want?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const { far } = this;
    if (far === undefined || far.destroyed) {
      done();
      return;
    }
    if (far.push(chunk)) setImmediate(done);
    else far.#want = done;
  }

  override _final(done: () => void): void {
    if (this.far?.destroyed === false) this.far.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.far?.destroyed === false) this.far.push(null);
    done(error);
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
}

export class FakeEngine {
  /** `METHOD path` of everything that was asked, in order. */
  readonly asked: string[] = [];
  /** The far ends of the sessions that were opened. */
  readonly sessions: Duplex[] = [];
  /** Set to make the next sessions fail to open. */
  refuse: Error | undefined;
  readonly #server;

  constructor(handler: Handler) {
    this.#server = createServer((request, answer) => {
      this.asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      if (request.url === '/_ping') answer.setHeader('Api-Version', '1.41').end('OK');
      else handler(request, answer);
    });
  }

  readonly open = async (): Promise<Duplex> => {
    await Promise.resolve();
    if (this.refuse !== undefined) throw this.refuse;
    const near = new End();
    const far = new End();
    near.far = far;
    far.far = near;
    this.sessions.push(far);
    this.#server.emit('connection', far);
    return near;
  };

  connection(options?: ConnectionOptions): EngineConnection {
    return new EngineConnection('box', this.open, options);
  }
}

export function json(answer: ServerResponse, value: unknown, status = 200): void {
  answer.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}
