/** One `docker system dial-stdio` session and HTTP/1.1 over it: one request at a time, kept alive in between. */
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** The stream is no socket: what an agent would ask of one is answered here. */
class StreamAgent extends Agent {
  constructor(private readonly stream: Duplex) {
    super({ keepAlive: true, maxSockets: 1 });
  }

  override createConnection(): Duplex {
    return this.stream;
  }

  override keepSocketAlive(): boolean {
    return true;
  }

  override reuseSocket(stream: Duplex, request: ClientRequest): void {
    super.reuseSocket(Object.assign(stream, { ref: () => stream }), request);
  }
}

export class Lane {
  readonly #stream: Duplex;
  readonly #agent: StreamAgent;
  #lost: Error | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#agent = new StreamAgent(stream);
    // Between two requests nobody else listens.
    stream.on('error', (error: Error) => {
      this.#lost ??= error;
    });
    stream.on('close', () => {
      this.#lost ??= new Error('the connection to the Docker Engine was closed');
    });
    stream.on('end', () => {
      this.#lost ??= new Error('the Docker Engine ended the connection');
    });
  }

  get usable(): boolean {
    return this.#lost === undefined && !this.#stream.destroyed;
  }

  /** Resolves with the answer's head; its body must be read, or the lane closed. */
  async send({ method, path, headers, body, signal }: EngineRequest): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        agent: this.#agent,
        method,
        path,
        headers: {
          Host: 'docker',
          ...headers,
          ...(text === undefined ? {} : { 'Content-Type': 'application/json' }),
          'Content-Length': Buffer.byteLength(text ?? ''),
        },
        ...(signal === undefined ? {} : { signal }),
      });
      request.on('response', resolve);
      // Why the session ended says more than that the request got no answer.
      request.on('error', (error) => {
        setImmediate(() => {
          reject(signal?.aborted === true ? error : (this.#sessionError() ?? error));
        });
      });
      request.end(text);
    });
  }

  close(): void {
    this.#lost ??= new Error('the connection to the Docker Engine is closed');
    this.#stream.end();
    this.#agent.destroy();
    this.#stream.destroy();
  }

  #sessionError(): Error | undefined {
    return this.#lost?.name === 'HostFailure' ? this.#lost : undefined;
  }
}
