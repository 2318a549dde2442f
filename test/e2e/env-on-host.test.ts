// A `.env` that is kept on the host, or was edited there: each env-source and each way with drift, there and back.
import { expect } from '@jest/globals';
import { onBoth, Scene, type Attempt, type Stack } from './support/scene.js';
import type { ActionResult } from './support/action.js';

/** The web service has the variables by interpolation, `side` has the whole file: comments, quotes and all. */
const usual: Attempt = {
  change: ({ services }) => {
    services.web['environment'] = { FROM_ENV: '${FROM_ENV}', ADDED: '${ADDED:-}' };
    services.side['env_file'] = '.env';
  },
};
/** What an operator writes: a reference, quotes, a comment, two lines in one value, no newline at the end. */
const KEPT = `# kept by the operator
WORD=sesame-open
FROM_ENV="kept \${WORD}" # as it was
RAW='$WORD "as is"'
PEM="first
second"
ADDED=swordfish-\${WORD}`;

const fails: Attempt = {
  change: (stack) => {
    usual.change?.(stack);
    neverHealthy(stack);
  },
};
const neverHealthy = ({ services: { web } }: Stack): void => {
  web['image'] = 'acme/web:v2';
  web['environment'] = { HEALTH: 'never', FROM_ENV: '${FROM_ENV}', ADDED: '${ADDED:-}' };
};
const unhealthy = { result: 'rolled-back', phase: 'health', cause: /^web: unhealthy/ } as const;

const both = onBoth(async (generation) => Scene.serving(generation, {}, usual));
async function envIn(scene: Scene, service: string): Promise<Record<string, string>> {
  const text = await scene.host.sh(
    `docker exec $(docker ps -q --filter label=com.docker.compose.service=${service} | head -n 1) cat /proc/self/environ | tr '\\0' '\\001'`,
  );
  return Object.fromEntries(
    text.split('\u0001').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

const write = async (scene: Scene, text: string): Promise<string> =>
  scene.host.sh('cat >/srv/shop/.env', { input: text });
const read = async (scene: Scene, file = '.env'): Promise<string> =>
  scene.host.sh(`cat /srv/shop/${file}; echo .`).then((text) => text.slice(0, -1));
const planOf = ({ outputs }: ActionResult): Record<string, unknown> =>
  JSON.parse(outputs['plan'] ?? '{}') as Record<string, unknown>;

/** Nothing that GitHub gets has a value of the file. The runner is told what to mask, once for each. */
function tellsNoValue({ log, outputs, summary, report }: ActionResult): void {
  const said = log.split('\n').filter((line) => !line.startsWith('::add-mask::'));
  for (const text of [...said, summary, report, ...Object.values(outputs)])
    expect(text).not.toMatch(/sesame|swordfish|treasure/);
}

both(
  'drift: stop names the keys, keep makes the edit the release’s, overwrite keeps it aside; each returns',
  async (scene) => {
    const shipped = await read(scene);
    await write(scene, `${shipped}# by hand\nADDED=swordfish-1\n`);
    const edited = await scene.look();

    const stopped = await scene.deploy();
    expect(stopped.outputs['result']).toBe('failed');
    expect(stopped.log).toMatch(/\.env was changed on the host since release \S+ \(added: ADDED\)/);
    tellsNoValue(stopped);
    expect(await scene.look()).toEqual(edited);

    // The containers have what was shipped, and get that again; the edit lies there as before.
    const back = await scene.deploy({ ...fails, config: { drift: 'overwrite' } });
    tellsNoValue(back);
    expect({ log: back.log, result: back.outputs['result'] }).toEqual({ log: back.log, result: 'rolled-back' });
    expect((await scene.look()).files).toEqual(edited.files);
    expect((await envIn(scene, 'web'))['ADDED']).toBe('');

    const kept = await scene.succeeds({ config: { drift: 'keep' } });
    tellsNoValue(kept);
    expect(planOf(kept)).toMatchObject({
      drift: [{ path: '.env', becomes: 'kept', env: { added: ['ADDED'], changed: [], removed: [] } }],
      env: { added: ['ADDED'] },
    });
    expect((await scene.look()).files).toEqual(edited.files);
    expect(await read(scene, '.homeport/current/files/.env')).toBe(await read(scene));
    expect((await envIn(scene, 'web'))['ADDED']).toBe('swordfish-1');
    expect((await envIn(scene, 'side'))['ADDED']).toBe('swordfish-1');
    await scene.succeeds({ config: { drift: 'keep' } }, 'unchanged');
    await scene.comesHome({ ...fails, config: { drift: 'keep' } }, { ...unhealthy, touched: ['web'] });

    const overwritten = await scene.succeeds({ config: { drift: 'overwrite' } });
    tellsNoValue(overwritten);
    expect(planOf(overwritten)).toMatchObject({ drift: [{ path: '.env', becomes: 'overwritten' }] });
    expect(await read(scene)).toBe(shipped);
    expect(await read(scene, `.homeport/current/drifted/.env`)).toContain('swordfish-1');
    expect((await envIn(scene, 'web'))['ADDED']).toBe('');
  },
);

both('a shipped file that someone edited is kept, and overwritten', async (scene) => {
  await scene.host.sh('echo by hand >>/srv/shop/motd.txt');
  const kept = await scene.succeeds({ config: { drift: 'keep' }, files: { 'motd.txt': 'new\n' } });
  expect(planOf(kept)).toMatchObject({ drift: [{ path: 'motd.txt', becomes: 'kept' }] });
  expect(await scene.host.sh('docker exec shop-web-1 cat /etc/motd.txt')).toContain('by hand');
  await scene.comesHome({ ...fails, config: { drift: 'overwrite' } }, { ...unhealthy, touched: ['web'] });
  await scene.succeeds({ config: { drift: 'overwrite' } });
  expect(await scene.host.sh('docker exec shop-web-1 cat /etc/motd.txt')).not.toContain('by hand');
  expect(await read(scene, '.homeport/current/drifted/motd.txt')).toContain('by hand');
});

both(
  'env-source: host takes the operator’s file to the byte, with our own lines only where Compose needs them',
  async (scene) => {
    await write(scene, KEPT);
    const config = { 'env-source': 'host' };
    const done = await scene.succeeds({ env: '', config });
    tellsNoValue(done);
    expect(await read(scene)).toBe(KEPT);
    expect(await read(scene, '.homeport/current/files/.env')).toBe(KEPT);
    const values = {
      FROM_ENV: 'kept sesame-open',
      RAW: '$WORD "as is"',
      PEM: 'first\nsecond',
      ADDED: 'swordfish-sesame-open',
    };
    expect(await envIn(scene, 'side')).toMatchObject(values);
    expect(await envIn(scene, 'web')).toMatchObject({ FROM_ENV: 'kept sesame-open', ADDED: values.ADDED });

    // An edit there is the next release's, and a deploy that fails leaves it where it is, with the containers as they were.
    await write(scene, KEPT.replace('WORD=sesame-open', 'WORD=treasure-map'));
    const before = await scene.look();
    const failed = await scene.deploy({ ...fails, env: '', config });
    tellsNoValue(failed);
    expect({ log: failed.log, result: failed.outputs['result'] }).toEqual({ log: failed.log, result: 'rolled-back' });
    expect((await scene.look()).files).toEqual(before.files);
    expect((await envIn(scene, 'web'))['ADDED']).toBe('swordfish-sesame-open');

    // A scale needs a line of ours, which goes with it; an operator's own `up` has it too.
    const scaled = await scene.succeeds({ env: '', config: { ...config, scale: { side: 2 } } });
    expect(planOf(scaled)).toMatchObject({ env: { changed: ['ADDED', 'FROM_ENV', 'WORD'] } });
    expect(Object.keys((await scene.look()).containers)).toContain('shop-side-2');
    expect(await read(scene)).toMatch(/ADDED=swordfish-\$\{WORD\}\nCOMPOSE_FILE=\S+scale\.yml # set by Homeport\n$/);
    await scene.succeeds({ env: '', config });
    expect(await read(scene)).toBe(`${KEPT.replace('WORD=sesame-open', 'WORD=treasure-map')}\n`);
  },
);

both('env-source: merge lays the given keys over the operator’s file, and nothing else', async (scene) => {
  await write(scene, KEPT);
  const config = { 'env-source': 'merge' };
  const done = await scene.succeeds({ env: "FROM_ENV='given $x'\nNEW=from-the-run\n", config });
  tellsNoValue(done);
  expect(await read(scene)).toBe(`${KEPT.replace('"kept ${WORD}"', "'given $x'")}\nNEW=from-the-run\n`);
  expect(await envIn(scene, 'web')).toMatchObject({ FROM_ENV: 'given $x', ADDED: 'swordfish-sesame-open' });
  expect(await envIn(scene, 'side')).toMatchObject({ NEW: 'from-the-run', PEM: 'first\nsecond' });
  await scene.comesHome({ ...fails, env: 'FROM_ENV=another\n', config }, { ...unhealthy, touched: ['web', 'side'] });

  await scene.host.sh('rm /srv/shop/.env');
  const gone = await scene.deploy({ env: '', config: { 'env-source': 'host' } });
  expect(gone.outputs['result']).toBe('failed');
  expect(gone.log).toMatch(/there is no \.env in \/srv\/shop .*env-source: host/);
  await scene.succeeds({ env: 'FROM_ENV=alone\n', config });
  expect(await read(scene)).toBe('FROM_ENV=alone\n');
});
