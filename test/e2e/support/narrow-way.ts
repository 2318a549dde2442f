// A way to a registry on which an image gets stuck: what is half fetched stays half fetched for as long as a test likes.
import { createServer, connect, type Server, type Socket } from 'node:net';
import { docker, rig } from '../../hosts/rig.js';
import type { Registry } from '../../hosts/registry.js';

export class NarrowWay implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #passed = 0;
  #limit = Number.POSITIVE_INFINITY;
  #isStuck: () => void = () => undefined;

  private constructor(
    registry: Registry,
    private readonly gateway: string,
  ) {
    const [address = '', port = ''] = registry.local.split(':');
    this.#server = createServer((near) => {
      const far = connect(Number(port), address);
      near.pipe(far);
      far.on('data', (part) => {
        this.#passed += part.length;
        if (this.#passed > this.#limit) this.#isStuck();
        else near.write(part);
      });
      far.on('end', () => {
        if (this.#passed <= this.#limit) near.end();
      });
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => socket.destroy());
      }
      near.on('close', () => far.destroy());
    });
  }

  static async to(registry: Registry): Promise<NarrowWay> {
    const gateway = await docker(
      ...['network', 'inspect', rig().network, '--format', '{{(index .IPAM.Config 0).Gateway}}'],
    );
    const way = new NarrowWay(registry, gateway);
    await new Promise<void>((resolve, reject) => {
      way.#server.once('error', reject);
      way.#server.listen(0, '0.0.0.0', resolve);
    });
    return way;
  }

  /** host:port by which hosts reach the registry through here. */
  get name(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('it does not listen');
    return `${this.gateway}:${address.port}`;
  }

  /** From now on lets so many bytes through and no more; resolves when they are through. */
  async stuckAfter(bytes: number): Promise<void> {
    this.#limit = this.#passed + bytes;
    return new Promise((resolve) => {
      this.#isStuck = resolve;
    });
  }

  /** Whatever waited is cut off; what comes anew passes. */
  widen(): void {
    this.#limit = Number.POSITIVE_INFINITY;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.widen();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}
