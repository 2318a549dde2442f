// A host on which a stack serves, and deploys that fail there: each must leave it exactly as it was.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startHost, type Generation, type HostOptions, type TestHost } from '../../hosts/host.js';
import { deploy, type ActionOptions, type ActionResult } from './action.js';
import { Checkout } from './checkout.js';
import { ids, lasting, snapshot, type Snapshot } from './snapshot.js';

export const generations: readonly Generation[] = ['bookworm', 'sid'];

/** Milliseconds that a test may take on a machine which has other work. */
export const PATIENCE = 180_000;

export type Service = Record<string, unknown>;

/** A compose file as data; JSON is YAML. */
export interface Stack {
  services: Record<string, Service> & { db: Service; web: Service; side: Service };
  [section: string]: unknown;
}

/** One deploy, as it differs from what serves. */
export interface Attempt {
  readonly change?: (stack: Stack) => void;
  /** Files of the checkout, beside or instead of the usual ones. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: string;
  /** Keys of homeport.yml. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly onStart?: ActionOptions['onStart'];
  /** What the runner says otherwise than usual. */
  readonly runner?: ActionOptions['env'];
}

export interface Expected {
  /** `failed`: before the switch, so that nothing at all was touched. */
  readonly result: 'failed' | 'rolled-back';
  readonly phase: string;
  /** What the step's own error begins with, after its phase. */
  readonly cause: RegExp;
  /** What a person must find in the log. */
  readonly shows?: string | RegExp;
  /** The services whose containers the switch may have replaced. */
  readonly touched?: readonly string[];
}

/** A database with a volume, a web app that needs it and has a mounted file, and an app without a healthcheck. */
export function usualStack(): Stack {
  return {
    services: {
      db: {
        image: 'redis:7',
        volumes: ['db:/data'],
        healthcheck: { test: ['CMD', 'redis-cli', 'ping'], interval: '1s', timeout: '10s', retries: 60 },
      },
      web: {
        image: 'acme/web:v1',
        environment: { GREETING: 'hello', FROM_ENV: '${FROM_ENV}' },
        volumes: ['./motd.txt:/etc/motd.txt:ro'],
        depends_on: { db: { condition: 'service_healthy' } },
        healthcheck: { test: ['CMD', 'healthy'], interval: '1s', timeout: '10s', retries: 2 },
      },
      side: { image: 'acme/web:v1', restart: 'unless-stopped' },
    },
    volumes: { db: {} },
  };
}

export const usualFiles = { 'motd.txt': 'as it was\n' };
const usualEnv = 'FROM_ENV=one\n';

export type Look = Snapshot & { readonly serving: string; readonly scale: string };

export class Scene implements AsyncDisposable {
  /** The last one of an operator's `up`, as long as nothing has happened since. */
  #seen: Look | undefined;

  private constructor(
    readonly host: TestHost,
    private readonly usual: Attempt,
  ) {}

  /** A host and nothing on it. */
  static async empty(generation: Generation, options: HostOptions = {}, usual: Attempt = {}): Promise<Scene> {
    return new Scene(await startHost(generation, options), usual);
  }

  /** A host on which the usual stack serves, as `usual` has it. */
  static async serving(generation: Generation, options: HostOptions = {}, usual: Attempt = {}): Promise<Scene> {
    const scene = await Scene.empty(generation, options, usual);
    try {
      await scene.succeeds();
      return scene;
    } catch (error) {
      await scene[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.remove();
  }

  /** A checkout of its own for every deploy: nothing of one that failed is left for the next. */
  async deploy(attempt: Attempt = {}): Promise<ActionResult> {
    this.#seen = undefined;
    const stack = usualStack();
    this.usual.change?.(stack);
    attempt.change?.(stack);
    const config = {
      homeport: 1,
      project: 'shop',
      path: '/srv/shop',
      health: { timeout: '60s', stable: '0s' },
      ...this.usual.config,
      ...attempt.config,
    };
    await using checkout = await Checkout.make({
      'docker-compose.yml': JSON.stringify(stack, undefined, 2),
      ...usualFiles,
      ...this.usual.files,
      ...attempt.files,
    });
    const inputs = {
      config: JSON.stringify(config),
      env: attempt.env ?? this.usual.env ?? usualEnv,
      ...this.usual.inputs,
      ...attempt.inputs,
    };
    return await deploy(this.host, checkout, inputs, {
      ...(attempt.onStart === undefined ? {} : { onStart: attempt.onStart }),
      ...(attempt.runner === undefined ? {} : { env: attempt.runner }),
    });
  }

  /** A deploy that ends green, after which an operator's own `up -d` changes nothing. */
  async succeeds(attempt: Attempt = {}, result = 'deployed'): Promise<ActionResult> {
    const done = await this.deploy(attempt);
    const { log, status } = done;
    expect({ log, status, result: done.outputs['result'] }).toEqual({ log, status: 0, result });
    await this.operatorChangesNothing(await this.look());
    return done;
  }

  /** A deploy that ends red and leaves the host exactly as it was. */
  async comesHome(attempt: Attempt, expected: Expected): Promise<ActionResult> {
    const before = this.#seen ?? (await this.look());
    const done = await this.deploy(attempt);
    await this.isHome(before, done, expected);
    return done;
  }

  /** What `comesHome` expects, for a deploy that was made by other means. */
  async isHome(before: Look, done: ActionResult, expected: Expected): Promise<void> {
    const { log } = done;
    expect({ log, status: done.status, result: done.outputs['result'], phase: done.outputs['failed-phase'] }).toEqual({
      log,
      status: 1,
      result: expected.result,
      phase: expected.phase,
    });
    const cause = causeOf(done);
    expect(cause.startsWith(`${expected.phase}: `) ? cause : log).toBe(cause);
    expect(cause.slice(expected.phase.length + 2)).toMatch(expected.cause);
    if (expected.shows !== undefined) expect(log).toMatch(expected.shows);
    expect(done.outputs['serving-release']).toBe(before.serving.replace('releases/', ''));

    if (expected.result === 'failed') await this.staysAs(before, log);
    else await this.isAsBefore(before, expected.touched ?? [], log);
  }

  /** What serves is what served, though the containers of some services may be new ones. */
  async isAsBefore(before: Look, touched: readonly string[], log = ''): Promise<void> {
    const after = await this.look();
    expect({ log, after: whatLasts(after) }).toEqual({ log, after: whatLasts(before) });
    expect([after.serving, after.scale]).toEqual([before.serving, before.scale]);
    expect(untouched(after, touched)).toEqual(untouched(before, touched));
    await this.operatorChangesNothing(after);
  }

  /** Nothing at all is other than it was. */
  async staysAs(before: Look, log = ''): Promise<void> {
    const after = await this.look();
    expect({ log, after }).toEqual({ log, after: before });
    await this.operatorChangesNothing(after);
  }

  /** The stack, which release the host says that it serves, and the one file of `.homeport` that Compose reads. */
  async look(): Promise<Look> {
    const [stack, ours] = await Promise.all([
      snapshot(this.host, this.usual.inputs?.['project']),
      this.host.sh(
        'cd /srv/shop/.homeport 2>/dev/null && readlink current || echo none; cat scale.yml 2>/dev/null || :',
      ),
    ]);
    const [serving = '', ...scale] = ours.split('\n');
    return { ...stack, serving, scale: scale.join('\n') };
  }

  /** `docker compose up -d`, typed by hand. */
  async operatorChangesNothing(before: Look): Promise<void> {
    const said = await this.host.sh('cd /srv/shop && docker compose up -d 2>&1');
    const after = await this.look();
    expect({ said, after: stillThere(after) }).toEqual({ said, after: stillThere(before) });
    this.#seen = after;
  }
}

/** The message of the step's own failure, as a person reads it. */
export function causeOf({ log }: ActionResult): string {
  const errors = log.split('\n').filter((line) => line.startsWith('::error'));
  return decoded((errors.at(-1) ?? '').replace(/^::error[^:]*::/, ''));
}

/**
 * A scene of each generation for the tests of a file, and the way to write a test that both play at the same time: most of
 * it is waiting.
 */
export function onBoth(
  start: (generation: Generation) => Promise<Scene>,
): (name: string, work: (scene: Scene) => Promise<void>) => void {
  const scenes: Scene[] = [];
  beforeAll(async () => {
    await together(generations.map((generation) => async () => void scenes.push(await start(generation))));
  }, PATIENCE);
  afterAll(async () => {
    await together(scenes.map((scene) => async () => scene[Symbol.asyncDispose]()));
  }, PATIENCE);
  return (name, work) => {
    test(name, async () => together(scenes.map((scene) => async () => work(scene))), PATIENCE);
  };
}

/** All to their end, whatever becomes of the others; then the first failure. */
export async function together(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const results = await Promise.allSettled(tasks.map(async (task) => task()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Ids and start times of the containers of services that a deploy had nothing to do with. */
function untouched(taken: Snapshot, touched: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(taken.containers)
      .filter(([name]) => !touched.some((service) => name === service || name.includes(`-${service}-`)))
      .map(([name, { id, startedAt }]) => [name, `${id} ${startedAt}`]),
  );
}

/** Finished work is not done again by a return: the container that had exited is there again, and was not started. */
function whatLasts(taken: Snapshot): object {
  const containers = Object.entries(taken.containers).map(([name, container]) => {
    const { status } = container;
    return [name, { ...container, status: status === 'exited' || status === 'created' ? 'at rest' : status }];
  });
  return lasting({ ...taken, containers: Object.fromEntries(containers) as Snapshot['containers'] });
}

/** All but when finished work was done: every `up` does it again. */
function stillThere(taken: Snapshot): object {
  const running = Object.entries(taken.containers).filter(([, { status }]) => status === 'running');
  return {
    ids: ids(taken),
    lasting: whatLasts(taken),
    since: running.map(([name, { startedAt }]) => [name, startedAt]),
  };
}

function decoded(text: string): string {
  return text.replaceAll('%0A', '\n').replaceAll('%0D', '\r').replaceAll('%3A', ':').replaceAll('%25', '%');
}
