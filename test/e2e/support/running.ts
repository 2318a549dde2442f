// Runs that are watched while they run, to be cancelled or killed at a moment of their own.
import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { until } from '../../hosts/rig.js';
import type { ActionResult } from './action.js';
import type { Attempt, Scene, Stack } from './scene.js';

/** Serves v2 and never gets healthy: the run is in its health phase until somebody ends it. */
export const waiting: Attempt = {
  change: ({ services: { web } }) => {
    web['image'] = 'acme/web:v2';
    web['environment'] = { START_SECONDS: '600' };
    web['healthcheck'] = { ...(web['healthcheck'] as object), start_period: '600s' };
  },
  config: { health: { timeout: '600s', stable: '0s' } },
  files: { 'motd.txt': 'of the one that did not hold\n' },
};

/** Does not stop by itself, so that a switch which replaces it is under way for as long as a test needs. */
export const slow = ({ services: { side } }: Stack): void => {
  side['command'] = ['sh', '-c', "trap '' TERM; echo slow; while :; do sleep 1; done"];
  side['stop_grace_period'] = '600s';
};

export interface Running {
  readonly process: ChildProcess;
  /** Its own temporary folder, in the environment of all that it starts. */
  readonly temp: string;
  readonly ended: Promise<ActionResult>;
  /** What it printed so far. */
  readonly said: () => string;
}

/** @param onSaid told all that the run has printed, as soon as it prints more */
export async function start(
  scene: Scene,
  attempt: Attempt,
  onSaid: (said: string, process: ChildProcess) => void = () => undefined,
): Promise<Running> {
  let said = '';
  let ended: Promise<ActionResult> | undefined;
  const process = await new Promise<ChildProcess>((resolve, reject) => {
    ended = scene.deploy({
      ...attempt,
      onStart: (child) => {
        child.stdout?.on('data', (part: Buffer) => {
          said += part.toString();
          onSaid(said, child);
        });
        resolve(child);
      },
    });
    ended.catch(reject);
  });
  if (ended === undefined) throw new Error('not started');
  const environment = await readFile(`/proc/${String(process.pid)}/environ`, 'utf8');
  const temp = /(?:^|\0)RUNNER_TEMP=([^\0]+)/.exec(environment)?.[1] ?? '';
  return { process, temp, ended, said: () => said };
}

/** Waits for something that the run must come to; a run that ends before is an error that shows its log. */
export async function comesTo(running: Running, what: string, ask: () => Promise<boolean>): Promise<void> {
  let over: ActionResult | undefined;
  void running.ended.then((result) => (over = result));
  await until(
    what,
    async () => {
      if (await ask()) return true;
      if (over !== undefined) throw new Error(`the run ended before: ${what}\n${over.log}`);
      return false;
    },
    { timeoutMs: 120_000, everyMs: 100 },
  );
}

/** Nothing that a run started goes on on the runner once it has ended; what clears up after it may take a moment. */
export async function leavesNothing(run: Running): Promise<void> {
  await until('nothing of the run is left', async () => (await leftOf(run)).length === 0).catch(async () => {
    throw new Error(`the run left on the runner:\n${(await leftOf(run)).join('\n')}`);
  });
}

async function leftOf({ temp }: Running): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      if (!environment.includes(`RUNNER_TEMP=${temp}\0`)) return [];
      return [(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')];
    }),
  );
  return found.flat().filter((command) => command !== '');
}
