// Plays a pair on a host: A serves, B is planned, B fails at its last gate, A must be there exactly, B goes through as planned.
import type { Plan } from '../../shared/release/plan.js';
import { changedServices, changesAnything } from '../../shared/release/plan.js';
import { reaching, runAction, type ActionResult } from '../e2e/support/action.js';
import { Checkout } from '../e2e/support/checkout.js';
import type { TestHost } from '../hosts/host.js';
import { buildImage, sharedRegistry } from '../hosts/registry.js';
import { runId } from '../hosts/rig.js';
import { active, EXTERNAL_NETWORK, type Project } from './project.js';
import { asGiven, asPlanned, dataStays, keptTheirs, lasting, same, untouched, withoutNewVolumes } from './expected.js';
import { factsOf, markVolumes, quoted, type Facts } from './facts.js';
import type { Pair } from './pair.js';
import { write } from './write.js';

export interface Outcome {
  /** One line each; empty for a pair that holds. */
  readonly faults: readonly string[];
  /** What the last run printed, where that is a fault. */
  readonly log: string;
}

/** Stops a pair at the first step whose result is wrong: what follows would say nothing. */
class Fault extends Error {
  constructor(
    readonly faults: readonly string[],
    readonly log: string,
  ) {
    super(faults.join('\n'));
  }
}

export async function play(host: TestHost, pair: Pair): Promise<Outcome> {
  const stage = new Stage(host, pair);
  try {
    await stage.prepare();
    await stage.play();
    return { faults: [], log: '' };
  } catch (error) {
    if (error instanceof Fault) return { faults: error.faults, log: error.log };
    return { faults: [String(error instanceof Error ? error.stack : error)], log: '' };
  } finally {
    await stage.clear();
  }
}

/** Where `LIVE/` is in this run. */
export const repositoriesOf = (host: TestHost, { seed }: Pair): string =>
  `${host.registry}/soak/${runId.toLowerCase()}/${String(seed)}`;

class Stage {
  readonly #pushed = new Map<string, string>();

  constructor(
    private readonly host: TestHost,
    private readonly pair: Pair,
  ) {}

  async prepare(): Promise<void> {
    await this.host.sh(
      `docker network inspect ${EXTERNAL_NETWORK} >/dev/null 2>&1 || docker network create ${EXTERNAL_NETWORK}`,
    );
  }

  async play(): Promise<void> {
    const { a, b, failing, gate, touched } = this.pair;
    const first = await this.run(a);
    this.ended('A', first, 'deployed');
    await markVolumes(this.host, a);
    const before = await this.look();
    this.hold('A', asGiven(a, before), first);

    const planning = await this.run(b, { operation: 'plan' });
    this.ended('the plan of B', planning, 'planned');
    const plan = planOf(planning);
    this.hold('the plan', same('changed the host', untouched(before), untouched(await this.look())), planning);
    const strangers = changedServices(plan).filter((service) => !touched.has(service));
    this.hold(
      'the plan',
      strangers.map((service) => `${service} is touched, and nothing of it was changed`),
      planning,
    );

    const failed = await this.run(failing);
    // What changes nothing has no gate to fail at: a newer image of a data service, say, that keeps the one it has.
    const nothing = gate.kind !== 'health' && !changesAnything(plan);
    if (nothing) this.ended('B that fails', failed, 'unchanged');
    else this.ended('B that fails', failed, 'rolled-back', gate.kind === 'health' ? 'health' : 'hooks');
    const back = await this.look();
    const alone = [...new Set([...active(a), ...active(b)])].filter(
      (service) => !changedServices(planOf(failed)).includes(service),
    );
    this.hold(
      'back',
      [
        ...same('not as before', lasting(before), lasting(withoutNewVolumes(before, back))),
        ...keptTheirs(before, back, alone),
      ],
      failed,
    );
    const returned = await this.operator(back, 'after the return');

    const done = await this.run(b);
    this.ended('B', done, changesAnything(plan) ? 'deployed' : 'unchanged');
    const after = await this.look();
    this.hold(
      'B',
      [
        ...same('planned again', actionsOf(plan), actionsOf(planOf(done))),
        ...asPlanned(plan, returned, after, b),
        ...asGiven(b, after),
        ...dataStays(returned, after),
      ],
      done,
    );
    await this.operator(after, 'after B');
  }

  /** `docker compose up -d`, typed by hand. */
  private async operator(before: Facts, when: string): Promise<Facts> {
    const said = await this.host.sh(`cd ${quoted(this.pair.a.path)} && docker compose up -d 2>&1`);
    const after = await this.look();
    const changed = same(`an operator's up changed`, untouched(before), untouched(after));
    if (changed.length > 0)
      throw new Fault(
        changed.map((line) => `${when}: ${line}`),
        said,
      );
    return after;
  }

  private async look(): Promise<Facts> {
    return factsOf(this.host, this.pair.a);
  }

  private async run(project: Project, more: Readonly<Record<string, string>> = {}): Promise<ActionResult> {
    const repositories = repositoriesOf(this.host, this.pair);
    await this.push(project, repositories.slice(repositories.indexOf('/') + 1));
    const { files, config, env } = write(project, repositories);
    await using checkout = await Checkout.make(files);
    const names = Object.keys(env);
    return await runAction({
      checkout,
      env,
      inputs: {
        config,
        ...reaching(this.host),
        ...(names.length === 0 ? {} : { 'env-names': names.join(',') }),
        ...more,
      },
    });
  }

  /** Each tag means what the project says that it means. */
  private async push({ live }: Project, folder: string): Promise<void> {
    for (const [repository, image] of Object.entries(live)) {
      if (this.#pushed.get(repository) === image) continue;
      const again = / again$/.test(image)
        ? await buildImage([`FROM ${image.replace(/ .*/, '')}`, 'LABEL again=1'])
        : image;
      await sharedRegistry().push(again, `${folder}/${repository}:live`);
      this.#pushed.set(repository, image);
    }
  }

  private ended(what: string, done: ActionResult, result: string, phase = ''): void {
    const is = `${String(done.outputs['result'])} ${done.outputs['failed-phase'] ?? ''}`.trim();
    const wanted = `${result} ${phase}`.trim();
    if (is !== wanted) throw new Fault([`${what}: ${is}, and not ${wanted}: ${errorsOf(done)}`], done.log);
  }

  private hold(what: string, faults: readonly string[], done: ActionResult): void {
    if (faults.length > 0)
      throw new Fault(
        faults.map((fault) => `${what}: ${fault}`),
        done.log,
      );
  }

  async clear(): Promise<void> {
    const { name, path } = this.pair.a;
    const label = `--filter label=com.docker.compose.project=${name}`;
    await this.host.sh(
      `docker ps -aq ${label} | xargs -r docker rm -f -v >/dev/null
docker volume ls -q ${label} | xargs -r docker volume rm >/dev/null
docker network ls -q ${label} | xargs -r docker network rm >/dev/null
docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -e '^homeport/${name}/' -e '^acme/${name}-' | xargs -r docker rmi >/dev/null
rm -rf ${quoted(path)}`,
      { user: 'root' },
    );
  }
}

function planOf(done: ActionResult): Plan {
  return JSON.parse(done.outputs['plan'] ?? '{}') as Plan;
}

function actionsOf({ services }: Plan): Record<string, string> {
  return Object.fromEntries(services.map(({ service, action }) => [service, action]));
}

function errorsOf({ log }: ActionResult): string {
  return log
    .split('\n')
    .filter((line) => line.startsWith('::error'))
    .map((line) => line.replace(/^::error[^:]*::/, ''))
    .join(' | ');
}
