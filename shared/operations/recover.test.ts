/** A deploy that dies at any point, and the next run that finds it: with real scripts and sessions, and a fake engine. */
import { describe, expect, jest, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deployRequest, openScriptHost, preparedRelease } from '../../test/support/deploy.js';
import { ScriptHost, text } from '../../test/support/script-host.js';
import { container, details, engineRunning, engineWith, manifest } from '../../test/support/stack.js';
import { silentLog } from '../base/log.js';
import type { ContainerDetails, Engine } from '../host/engine.js';
import { runJob } from '../host/job.js';
import { writeManifest } from '../release/manifest.js';
import { pointText, type Store } from '../release/store.js';
import { sh } from '../ssh/shell-text.js';
import { confirm, keep } from './conclude.js';
import { EventFeed } from './event-feed.js';
import { hooksAgain } from './hooks-again.js';
import { lineText } from './finish.js';
import type { OpenHost } from './open-host.js';
import type { PreparedRelease } from './prepared.js';
import { ChangedMeanwhile, NotBegun } from './meanwhile.js';
import { recover } from './recover.js';
import { StillHalf } from './recovered.js';
import type { DeployRequest } from './request.js';
import { jobOf, releaseScripts } from './scripts.js';
import { runEarlyHooks, runLateHooks, runSwitch, StepFailed, type Switching } from './switching.js';
import { turnBack } from './turn-back.js';

// Real sessions and scripts, on a machine that may be busy.
jest.setTimeout(60_000);

const TOKEN = 'a token';

interface Stage {
  readonly host: ScriptHost;
  readonly open: OpenHost;
  readonly switching: Switching;
  readonly before: object;
  readonly now: () => object;
}

/** A host on which an old release serves, and everything is ready for the switch to a new one. */
async function onStage(
  work: (stage: Stage) => Promise<void>,
  more: Partial<DeployRequest> = {},
  { engine = { containers: async () => Promise.resolve([]) }, goes }: { engine?: Partial<Engine>; goes?: string } = {},
): Promise<void> {
  using host = new ScriptHost();
  host.put('stack', text('db db:1\nweb web:1\n'));
  host.put('gone', text('gone', 0o600));
  host.stage('stack', text('db db:1\nweb web:1\n# new\n'));
  host.stage('conf/added', text('added'));
  for (const [service, id] of [
    ['db', 'db'],
    ['web', 'web-old'],
  ] as const) {
    // prettier-ignore
    host.docker.name(`${service}:1`, id);
    host.docker.run(service, id);
  }
  writeFileSync(host.layout.lockToken, TOKEN);
  const open = openScriptHost(host, engine);
  const request = deployRequest(more);
  const bare = preparedRelease(host);
  const staged = { ...bare.staged, hostFiles: sums(host.files) };
  if (goes !== undefined) host.docker.run(goes, goes);
  const release = goes === undefined ? { ...bare, staged } : { ...without(goes, bare), staged };
  const old = host.layout.release(manifest().id);
  mkdirSync(old.directory, { recursive: true });
  writeFileSync(`${old.directory}/decision.confirmed`, 'confirmed\n');
  linkSync(`${old.directory}/decision.confirmed`, old.decision);
  writeFileSync(old.manifest, writeManifest(bare.previous ?? manifest()));
  await open.shell.run(pointText(host.layout, old));
  const feed = await EventFeed.open(engineWith({ events: async () => Promise.resolve(none()) }), 'shop');
  const now = (): object => ({ ...host.docker.snapshot, files: host.files });
  const switching: Switching = {
    host: open,
    request,
    release,
    scripts: releaseScripts({ host: open, request, release, token: TOKEN }),
    token: TOKEN,
    feed,
    log: silentLog,
    signal: new AbortController().signal,
    hooksBegun: [],
  };
  try {
    await work({ host, open, switching, before: now(), now });
  } finally {
    await feed.close();
    await open.close();
  }
}

/** The same release; it does not have this service, which serves. */
function without(service: string, release: PreparedRelease): PreparedRelease {
  const { plan, observedBefore } = release;
  return {
    ...release,
    plan: { ...plan, services: [...plan.services, { service, action: 'remove', reasons: [] }] },
    observedBefore: new Map([...observedBefore, [service, [container(service)]]]),
  };
}

function sums(files: ScriptHost['files']): Map<string, string> {
  return new Map(
    Object.entries(files).flatMap(([path, state]) =>
      'link' in state ? [] : [[path, createHash('sha256').update(state.content, 'latin1').digest('hex')]],
    ),
  );
}

async function* none(): AsyncGenerator<never> {
  // Nothing happens.
}

const recovered = async ({ open, switching: { request } }: Stage): ReturnType<typeof recover> =>
  recover(open, request, silentLog);
const next = async (stage: Stage): Promise<Store> => (await recovered(stage)).store;
/** What the host's log says of recovers. */
const recorded = ({ host }: Stage): unknown[] =>
  readFileSync(host.layout.log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const { operation, release, verdict } = JSON.parse(line) as Record<string, unknown>;
      return [operation, release, verdict];
    });
const confirmIt = async ({ open, switching: { request, release } }: Stage): Promise<void> =>
  confirm({
    host: open,
    request,
    release,
    manifest: manifest({ id: release.id }),
    token: TOKEN,
    line: '{"a":"it\'s"}',
    log: silentLog,
  });

test('a switch that goes well is confirmed: one decision, current, the manifest and one line in the log', async () => {
  await onStage(async (stage) => {
    await runSwitch(stage.switching, false);
    expect(stage.host.docker.runs('web')).toBe('web-new');
    expect([...stage.host.docker.deeds].sort()).toEqual(['tag db db:1', 'tag web-new web:1', 'up -- web']);
    await confirmIt(stage);
    expect(stage.host.decision).toBe('confirmed');
    expect(readlinkSync(stage.host.layout.current)).toBe(`releases/${stage.host.release.id}`);
    expect(readFileSync(stage.host.layout.log, 'utf8')).toBe('{"a":"it\'s"}\n');
    expect(existsSync(stage.host.release.before)).toBe(false);
    const store = await next(stage);
    expect(store.current?.id).toBe(stage.host.release.id);
    expect(stage.host.docker.runs('web')).toBe('web-new');
  });
});

test('a step that fails is named, and a return that failed as well is not taken for one', async () => {
  await onStage(async (stage) => {
    stage.host.docker.mishap('fails', 'up -- web');
    const failure: unknown = await runSwitch(stage.switching, false).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StepFailed);
    expect(failure).toMatchObject({ message: 'up web: the engine refuses: up -- web', turnedBack: false });
  });
});

test('a step that fails once: the host has returned when the runner hears of it', async () => {
  await onStage(async (stage) => {
    stage.host.docker.mishap('fails-late', 2);
    const failure: unknown = await runSwitch(stage.switching, false).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'StepFailed', turnedBack: true });
    expect((failure as StepFailed).lastLines.join('\n')).toContain('the engine refuses late');
    expect(stage.now()).toEqual(stage.before);
    // Nothing is left to recover.
    const calls = stage.host.docker.calls.length;
    expect((await next(stage)).current?.id).toBe(manifest().id);
    expect(stage.host.docker.calls).toHaveLength(calls);
  });
});

test.each([1, 2])('killed at call %s: the next run takes it back first', async (at) => {
  await onStage(async (stage) => {
    stage.host.docker.mishap('kills-late', at);
    await expect(runSwitch(stage.switching, false)).rejects.toThrow('ended without a word');
    stage.host.docker.noMishap();
    const { store, deeds } = await recovered(stage);
    expect(stage.now()).toEqual(stage.before);
    expect(deeds).toEqual([{ release: stage.host.release.id, verdict: 'taken-back' }]);
    expect(recorded(stage)).toEqual([['recover', stage.host.release.id, 'taken-back']]);
    expect((await recovered(stage)).deeds).toEqual([]);
    expect(store.current?.id).toBe(manifest().id);
    expect(store.releases.at(-1)).toMatchObject({ decision: 'reverting', begun: true, reverted: true });
  });
});

test('a runner that died after the switch, unconfirmed: taken back', async () => {
  await onStage(async (stage) => {
    await runSwitch(stage.switching, false);
    await next(stage);
    expect(stage.now()).toEqual(stage.before);
  });
});

test('a runner that died in the middle of its confirm: the new release serves, with its manifest', async () => {
  await onStage(async (stage) => {
    await runSwitch(stage.switching, false);
    stage.host.decide('confirmed');
    writeFileSync(`${stage.host.release.manifest}.new`, writeManifest(manifest({ id: stage.host.release.id })));
    const store = await next(stage);
    expect(store.current?.id).toBe(stage.host.release.id);
    expect(stage.host.docker.runs('web')).toBe('web-new');
    expect(recorded(stage)).toEqual([['recover', stage.host.release.id, 'finished']]);
  });
});

describe('what had left the stack', () => {
  const goes = 'old';
  const gone = ({ host }: Stage): boolean => !('old' in (host.docker.snapshot['stopped'] ?? {}));

  test.each(['finished', 'ended'])(
    'goes with the next run when the one that confirmed was lost: %s',
    async (verdict) => {
      await onStage(
        async (stage) => {
          const { host, open } = stage;
          await runSwitch(stage.switching, false);
          expect(gone(stage)).toBe(false);
          await open.shell.run(lineText(host.release, '{"operation":"deploy"}'));
          host.decide('confirmed');
          writeFileSync(host.release.manifest, writeManifest(manifest({ id: host.release.id })));
          if (verdict === 'ended') await open.shell.run(pointText(host.layout, host.release));
          expect((await recovered(stage)).deeds).toEqual([{ release: host.release.id, verdict }]);
          expect({ gone: gone(stage), lines: recorded(stage) }).toEqual({
            gone: true,
            lines: [
              ['deploy', undefined, undefined],
              ['recover', host.release.id, verdict],
            ],
          });
          expect(existsSync(host.release.before)).toBe(false);
          expect((await recovered(stage)).deeds).toEqual([]);
        },
        {},
        { goes },
      );
    },
  );

  test('goes with the confirm, and when what failed is kept', async () => {
    await onStage(
      async (stage) => {
        await runSwitch(stage.switching, false);
        await confirmIt(stage);
        expect([gone(stage), (await recovered(stage)).deeds]).toEqual([true, []]);
      },
      {},
      { goes },
    );
    await onStage(
      async (stage) => {
        await runSwitch(stage.switching, false);
        const { release } = stage.switching;
        expect(await keep(stage.open, release, manifest({ id: release.id }))).toBe(true);
        expect([gone(stage), (await recovered(stage)).deeds]).toEqual([true, []]);
      },
      { rollback: 'never' },
      { goes },
    );
  });
});

test('a release that was left as it is serves on', async () => {
  await onStage(async (stage) => {
    await runSwitch(stage.switching, false);
    stage.host.decide('kept');
    writeFileSync(stage.host.release.manifest, writeManifest(manifest({ id: stage.host.release.id })));
    await stage.open.shell.run(pointText(stage.host.layout, stage.host.release));
    expect((await next(stage)).current?.id).toBe(stage.host.release.id);
    expect(readlinkSync(stage.host.layout.current)).toBe(`releases/${stage.host.release.id}`);
  });
});

test('what was only staged goes', async () => {
  await onStage(async (stage) => {
    await next(stage);
    expect(existsSync(stage.host.release.directory)).toBe(false);
    expect(stage.now()).toEqual(stage.before);
    expect(recorded(stage)).toEqual([['recover', stage.host.release.id, 'removed']]);
  });
});

test.each([
  ['stack', 'edited'],
  ['conf/added', 'new'],
  ['gone', undefined],
])('what somebody does to %s before the switch stops it, with nothing changed', async (path, content) => {
  await onStage(async (stage) => {
    const { host } = stage;
    const file = join(host.path, path);
    if (content === undefined) rmSync(file);
    else host.put(path, text(content));
    const [edited, calls] = [stage.now(), host.docker.calls.length];
    await expect(runSwitch(stage.switching, false)).rejects.toThrow(ChangedMeanwhile);
    await expect(runSwitch(stage.switching, true)).rejects.toThrow(`${path} was changed on the host while this deploy`);
    expect(stage.now()).toEqual(edited);
    expect(host.docker.calls).toHaveLength(calls);
    expect(host.journal).toEqual([]);
  });
});

test.each([false, true])(
  'what cannot be kept beforehand stops it, with nothing changed: hooks before it %s',
  async (written) => {
    await onStage(async (stage) => {
      const { host } = stage;
      if (written) await runEarlyHooks(stage.switching, false);
      rmSync(host.release.before, { recursive: true });
      writeFileSync(host.release.before, 'in the way');
      const journal = host.facts;
      await expect(runSwitch(stage.switching, written)).rejects.toThrow(NotBegun);
      expect([stage.now(), host.facts]).toEqual([stage.before, journal]);
      if (written) return;
      // Nor can the hooks' scripts be written.
      rmSync(`${host.release.directory}/hooks`);
      mkdirSync(`${host.release.directory}/hooks/in-the-way`, { recursive: true });
      await expect(runEarlyHooks(stage.switching, false)).rejects.toThrow('so nothing was begun');
    });
  },
);

test.each(['removed', 'cleared'])(
  'mount points that a killed hook left go, when its release is %s',
  async (verdict) => {
    await onStage(async (stage) => {
      const { host, before } = stage;
      if (verdict === 'cleared') {
        host.decide('reverting');
        writeFileSync(host.release.manifest, writeManifest(manifest({ id: host.release.id })));
      }
      host.put("it's/new.conf", text(''));
      host.put('written.conf', text('by the hook'));
      const made = ["it's", "it's/new.conf", 'written.conf'].map((name) => `${join(host.path, name)}\n`);
      writeFileSync(join(host.release.directory, 'room'), made.join(''));
      expect((await recovered(stage)).deeds).toEqual([{ release: host.release.id, verdict }]);
      expect(host.files).toEqual({ ...(before as { files: object }).files, 'written.conf': text('by the hook') });
      expect(existsSync(join(host.path, "it's"))).toBe(false);
      expect((await recovered(stage)).deeds).toEqual([]);
    });
  },
);

test('a return that fails is not passed over', async () => {
  await onStage(async (stage) => {
    await runSwitch(stage.switching, false);
    stage.host.docker.mishap('fails', 'up -- web');
    await expect(next(stage)).rejects.toThrow(/taking back release .* failed at: up web/);
    await expect(next(stage)).rejects.toBeInstanceOf(StillHalf);
    stage.host.docker.noMishap();
    // A half return is not a whole one for the run after that: it is tried again.
    expect((await next(stage)).current?.id).toBe(manifest().id);
    expect(recorded(stage).map((line) => (line as unknown[])[2])).toEqual(['failed', 'failed', 'taken-back']);
    expect(stage.now()).toEqual(stage.before);
  });
});

test('a return that fails is one all the same where the host is what the release had recorded', async () => {
  const runs = (service: string, imageId: string, more: Partial<ContainerDetails> = {}): ContainerDetails => {
    const { labels } = details(service);
    return details(service, { imageId, labels: { ...labels, 'com.docker.compose.config-hash': 'x' }, ...more });
  };
  const asBefore = [runs('db', 'db'), runs('web', 'web-old', { health: 'unhealthy' })];
  let looks = [runs('db', 'db'), runs('web', 'web-new')];
  const engine = engineRunning(() => looks);
  await onStage(
    async (stage) => {
      await runSwitch(stage.switching, false);
      stage.host.docker.mishap('fails', 'up -- web');
      await expect(next(stage)).rejects.toBeInstanceOf(StillHalf);
      looks = asBefore;
      expect(await recovered(stage)).toMatchObject({
        deeds: [
          {
            verdict: 'taken-back',
            cause: 'up web: the engine refuses: up -- web; shop-web-1 is unhealthy',
          },
        ],
        store: { current: { id: manifest().id } },
      });
      expect((await recovered(stage)).deeds).toEqual([]);
    },
    {},
    { engine },
  );
});

describe('confirm', () => {
  test('loses against a return, and changes nothing', async () => {
    await onStage(async (stage) => {
      await runSwitch(stage.switching, false);
      stage.host.decide('reverting');
      await expect(confirmIt(stage)).rejects.toThrow(/decided to return/);
      expect(readlinkSync(stage.host.layout.current)).toBe(`releases/${manifest().id}`);
      expect(existsSync(stage.host.layout.log)).toBe(false);
    });
  });

  test('is not for who lost the lock', async () => {
    await onStage(async (stage) => {
      await runSwitch(stage.switching, false);
      writeFileSync(stage.host.layout.lockToken, 'of another');
      await expect(confirmIt(stage)).rejects.toThrow(/lock was taken over/);
      expect(stage.host.decision).toBeUndefined();
    });
  });
});

describe('turning back', () => {
  test('is not for who lost the lock: the run that took over takes the release back', async () => {
    await onStage(async (stage) => {
      await runSwitch(stage.switching, false);
      const switched = stage.now();
      writeFileSync(stage.host.layout.lockToken, 'of another');
      const { complete, hostState } = await turnBack(stage.switching, new Error('lock lost'));
      expect({ complete, hostState }).toEqual({
        complete: false,
        hostState: expect.stringMatching(/another run took the lock over/) as unknown,
      });
      expect(stage.now()).toEqual(switched);
    });
  });

  test('is not done twice: what another run took back already stays as that run left it', async () => {
    await onStage(async (stage) => {
      await runSwitch(stage.switching, false);
      await next(stage);
      const calls = stage.host.docker.calls.length;
      await turnBack(stage.switching, new Error('late'));
      expect(stage.host.docker.calls).toHaveLength(calls);
    });
  });

  test('is not complete when a step of it failed, or a file is not what it was', async () => {
    await onStage(async (stage) => {
      await runSwitch(stage.switching, false);
      stage.host.docker.mishap('fails', 'up -- web');
      writeFileSync(join(stage.host.release.before, 'stack'), 'something else');
      const { complete, hostState } = await turnBack(stage.switching, new Error('unhealthy'));
      expect(complete).toBe(false);
      expect(hostState).toMatch(/this failed on the way: up web/);
      expect(hostState).toMatch(/stack is not what it was before/);
    });
  });

  test('never undoes what was confirmed: the connection was lost while the host did it', async () => {
    await onStage(async (stage) => {
      await runSwitch(stage.switching, false);
      await confirmIt(stage);
      const after = stage.now();
      const { complete, hostState } = await turnBack(stage.switching, new Error('lost'));
      expect(complete).toBe(false);
      expect(hostState).toMatch(/was confirmed all the same, and serves/);
      expect(stage.now()).toEqual(after);
    });
  });

  test('goes back, and looks at what is there', async () => {
    await onStage(async (stage) => {
      await runSwitch(stage.switching, false);
      // The fake engine's API has no containers: that is told, and not passed over.
      const { complete, hostState } = await turnBack(stage.switching, new Error('unhealthy'));
      expect(stage.now()).toEqual(stage.before);
      expect(complete).toBe(false);
      expect(hostState).toMatch(/not complete: db has 0 of 1 containers/);
    });
  });

  test('says so when nobody knows', async () => {
    await onStage(async (stage) => {
      await stage.open.shell.close();
      const { complete, hostState } = await turnBack(stage.switching, new Error('lost'));
      expect(complete).toBe(false);
      expect(hostState).toMatch(/not known whether the host returned .* the next run begins by taking release/);
    });
  });
});

describe('hooks', () => {
  const hook = (...command: string[]): DeployRequest['hooks'] => ({
    beforeSwitch: [{ kind: 'host', command, timeout: 5000 }],
    afterSwitch: [],
  });

  test('one that fails stops the deploy before the switch', async () => {
    await onStage(
      async (stage) => {
        await expect(runEarlyHooks(stage.switching, false)).rejects.toThrow(
          'hook host sh -c echo no; exit 3: exit code 3',
        );
        expect(stage.now()).toEqual(stage.before);
        await next(stage);
        expect(existsSync(stage.host.release.directory)).toBe(false);
      },
      { hooks: hook('sh', '-c', 'echo no; exit 3') },
    );
  });

  test.each([
    { name: 'killed with its job', cancelled: false },
    { name: 'killed after its run was cancelled', cancelled: true },
  ])('one that was $name: the next run takes away what hooks left running, and names them', async ({ cancelled }) => {
    const killed = 'kill -9 -$(cut -d" " -f6 /proc/$$/stat)';
    await onStage(
      async (stage) => {
        const container = `shop-${stage.host.release.id}-hook-2`;
        writeFileSync(stage.host.docker.leaves(container), '');
        await expect(runEarlyHooks(stage.switching, false)).rejects.toThrow('ended without a word');
        expect(stage.switching.hooksBegun).toEqual([`host sh -c ${killed}`]);
        if (cancelled) stage.host.decide('reverting');
        expect((await recovered(stage)).deeds).toEqual([
          {
            release: stage.host.release.id,
            verdict: 'removed',
            cause: expect.stringContaining(`this hook had begun: host sh -c ${killed}.`) as unknown,
          },
        ]);
        expect(recorded(stage)).toEqual([['recover', stage.host.release.id, 'removed']]);
        expect(stage.host.docker.oneOffs).toEqual([]);
        expect(stage.host.docker.deeds).toEqual([`rm -f ${container}`]);
        expect(existsSync(stage.host.release.directory)).toBe(false);
        expect(stage.now()).toEqual(stage.before);
      },
      {
        hooks: {
          beforeSwitch: [{ kind: 'host', command: ['sh', '-c', killed], timeout: 5000 }],
          afterSwitch: [{ kind: 'run', service: 'web', command: ['migrate'], timeout: 5000 }],
        },
      },
    );
  });

  const again = (...command: string[]): DeployRequest['hooks'] => ({
    beforeSwitch: [],
    afterSwitch: [{ kind: 'host', command, timeout: 5000, onReturn: 'rerun' }],
  });
  const collected = (stage: Stage): string => readFileSync(join(stage.host.folder, 'collected'), 'utf8');

  test('one that a return does again has the old files then', async () => {
    await onStage(
      async (stage) => {
        await runSwitch(stage.switching, false);
        await runLateHooks(stage.switching);
        expect(collected(stage)).toContain('# new');
        await turnBack(stage.switching, new Error('unhealthy'));
        expect(collected(stage)).toBe('db db:1\nweb web:1\n');
        expect(stage.now()).toEqual(stage.before);
      },
      { hooks: again('cp', 'stack', '../../collected') },
    );
  });

  test.each([
    ['that is over', async (stage: Stage) => turnBack(stage.switching, new Error('unhealthy'))],
    ['of the next run', async (stage: Stage) => next(stage)],
  ])('one that fails when it is done again is told, and stops nothing of a return %s', async (_, back) => {
    await onStage(
      async (stage) => {
        await runSwitch(stage.switching, false);
        const returned = await back(stage);
        if ('hostState' in returned) {
          expect(returned.hostState).not.toContain('failed on the way');
          expect(returned.hostState).toMatch(
            /\nthis was to be done again on the return, and failed: hook host .*: exit code 3$/,
          );
        }
        expect(stage.now()).toEqual(stage.before);
        expect(stage.host.facts).toEqual(
          expect.arrayContaining([expect.stringMatching('missed revert:'), 'done revert:0']),
        );
      },
      { hooks: again('sh', '-c', 'echo no, not again; exit 3') },
    );
  });

  test('what the release that is returned to says of itself goes before what the new one says', () => {
    using host = new ScriptHost();
    const bare = preparedRelease(host);
    const open = openScriptHost(host);
    const own = { kind: 'exec', service: 'web', command: ['own'], timeout: 1000 } as const;
    const request = deployRequest({ hooks: again('new') });
    const titles = (previous: typeof bare.previous): unknown =>
      hooksAgain({ host: open, request, token: '', release: { ...bare, previous } }, 0).steps.map(
        (step) => step.kind === 'hook' && step.title,
      );
    expect(titles(bare.previous)).toEqual(['host new']);
    expect(titles(manifest({ ...bare.previous, onReturn: [own, { ...own, service: 'unknown' }] }))).toEqual([
      'exec web own',
    ]);
    expect(titles(undefined)).toEqual([]);
  });

  test('one that leaves a daemon behind holds neither the job nor the next one', async () => {
    await onStage(
      async (stage) => {
        const begun = performance.now();
        await runEarlyHooks(stage.switching, false);
        await runSwitch(stage.switching, true);
        expect(performance.now() - begun).toBeLessThan(15_000);
        expect(stage.host.docker.runs('web')).toBe('web-new');
        process.kill(Number(readFileSync(join(stage.host.path, 'daemon'), 'utf8')));
      },
      { hooks: hook('sh', '-c', 'sleep 60 >/dev/null 2>&1 & echo $! >daemon') },
    );
  });
});

test('without a return the switch stops where it is', async () => {
  await onStage(
    async (stage) => {
      stage.host.docker.mishap('fails-late', 'up -- web');
      await expect(runSwitch(stage.switching, false)).rejects.toMatchObject({ turnedBack: false });
      expect(stage.host.docker.runs('web')).toBe('web-new');
      expect(stage.host.decision).toBeUndefined();
    },
    { rollback: 'never' },
  );
});

test('the way back needs nothing that the new release brought', async () => {
  await onStage(async (stage) => {
    await runSwitch(stage.switching, false);
    await stage.open.shell.run(sh`rm -rf ${stage.host.release.files}`);
    const { entries } = await runJob(stage.open.shell, jobOf(stage.open, stage.switching.release, 'revert'), {
      environment: stage.open.environment,
    });
    expect(entries.at(-1)).toMatchObject({ word: 'done', text: '0 failed' });
    expect(stage.now()).toEqual(stage.before);
  });
});
