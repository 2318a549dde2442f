// Files that containers mount: judged before the switch, read again without a new container, and back when a deploy fails.
import { expect } from '@jest/globals';
import { until } from '../hosts/rig.js';
import { onBoth, Scene, type Attempt, type Stack } from './support/scene.js';

const site = (answer: string, more = ''): string =>
  `server { listen 80; location / { return 200 "${answer}"; } ${more} }\n`;

const usual: Attempt = {
  change: ({ services }) => {
    const { db, side } = services;
    services['proxy'] = {
      image: 'nginx:1',
      volumes: ['./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro', './nginx/snippets:/etc/nginx/snippets:ro'],
      depends_on: ['web'],
    };
    db['volumes'] = ['db:/data', './init:/docker-entrypoint-initdb.d:ro'];
    side['volumes'] = ['./side.txt:/side.txt:ro'];
    side['command'] = ['sh', '-c', "trap 'cat /side.txt >/tmp/got' HUP; trap 'exit 0' TERM; while :; do sleep 1; done"];
  },
  files: {
    'nginx/site.conf': site('one'),
    'nginx/snippets/a.conf': '# a\n',
    'init/a.sql': 'one\n',
    'side.txt': 'good one\n',
  },
};

const both = onBoth(async (generation) => Scene.serving(generation, {}, usual));

const ask = async (scene: Scene, path = '/'): Promise<string> =>
  scene.host.sh(`docker exec shop-proxy-1 curl -s http://127.0.0.1${path}`);
const answers = async (scene: Scene, answer: string, path = '/'): Promise<void> =>
  until(`the proxy answers ${answer}`, async () => (await ask(scene, path)) === answer);
const inode = async (scene: Scene): Promise<string> => scene.host.sh('stat -c %i /srv/shop/nginx/site.conf');
const reloads = async (scene: Scene): Promise<string> =>
  scene.host.sh('docker logs shop-proxy-1 2>&1 | grep -c SIGHUP');

both(
  "a proxy's new file: taken by the same container; one with an error changes nothing; a failed deploy takes it back",
  async (scene) => {
    const before = await scene.look();
    const file = await inode(scene);
    const two = {
      files: { 'nginx/site.conf': site('two', 'location /v { proxy_pass http://extra:8080/version; }') },
      change: ({ services }: Stack): void => {
        services['extra'] = { image: 'acme/web:v1' };
      },
    };
    await scene.succeeds(two);
    const after = await scene.look();
    expect(after.containers['shop-proxy-1']).toEqual(before.containers['shop-proxy-1']);
    await answers(scene, 'two');
    await answers(scene, 'v1', '/v');

    await scene.comesHome(
      { ...two, files: { 'nginx/site.conf': site('three', 'oops on;') } },
      {
        result: 'failed',
        phase: 'test',
        cause:
          /^test the new files of proxy \(nginx -t\): .*\[emerg\].* unknown directive "oops" in \/etc\/nginx\/conf\.d\/default\.conf:1/,
      },
    );
    expect(await reloads(scene)).toBe('1');

    await scene.comesHome(
      {
        files: {
          'nginx/site.conf': site('three', 'include snippets/*.conf;'),
          'nginx/snippets/a.conf': 'add_header X-A b;\n',
        },
        change: (stack) => {
          two.change(stack);
          stack.services.web['environment'] = { HEALTH: 'never', FROM_ENV: '${FROM_ENV}' };
        },
      },
      { result: 'rolled-back', phase: 'health', cause: /^web: unhealthy/, touched: ['web'] },
    );
    expect(await reloads(scene)).toBe('3');
    expect(await inode(scene)).toBe(file);
    await answers(scene, 'two');
  },
);

both(
  'a service is tested, told, restarted or left alone as on-file-change says; an initialised database always',
  async (scene) => {
    await scene.succeeds();
    const before = await scene.look();
    const reacting = (reaction: unknown, text: string): Attempt => ({
      config: { 'on-file-change': { side: reaction } },
      files: { 'side.txt': text },
    });
    const told = { test: 'grep good /side.txt || { echo "error: not good"; exit 1; }', signal: 'SIGHUP' };
    await scene.comesHome(reacting(told, 'bad\n'), {
      result: 'failed',
      phase: 'test',
      cause: /^test the new files of side \(sh -c .*\): error: not good/,
    });
    await scene.comesHome(reacting({ test: ['no-such-program'] }, 'good two\n'), {
      result: 'failed',
      phase: 'test',
      cause: /executable file not found/,
    });

    await scene.succeeds(reacting(told, 'good two\n'));
    expect((await scene.look()).containers).toEqual(before.containers);
    await until(
      'the signal was heard',
      async () => (await scene.host.sh('docker exec shop-side-1 cat /tmp/got')) === 'good two',
    );

    const ignored = await scene.succeeds({
      ...reacting('ignore', 'good three\n'),
      files: { 'side.txt': 'good three\n', 'init/a.sql': 'two\n' },
    });
    expect(ignored.summary).toMatch(/db: init\/a\.sql changed, and only an empty database reads/);
    const { containers, files } = await scene.look();
    expect(containers).toEqual(before.containers);
    expect(files['init/a.sql']).not.toBe(before.files['init/a.sql']);

    await scene.succeeds(reacting('restart', 'good four\n'));
    const [was, is] = [before, await scene.look()].map((look) => look.containers['shop-side-1']);
    expect(is?.id).toBe(was?.id);
    expect(is?.startedAt).not.toBe(was?.startedAt);
    expect(await scene.host.sh('docker exec shop-side-1 cat /side.txt')).toBe('good four');
  },
);

both(
  'hooks that are done again on a return do it with the old image and files; one that cannot stops nothing',
  async (scene) => {
    const change = (stack: Stack): void => {
      stack.services.web['volumes'] = ['./motd.txt:/etc/motd.txt:ro', 'static:/static'];
      stack['volumes'] = { db: {}, static: {} };
    };
    const again = { 'on-return': 'rerun' };
    const before = { run: 'web', command: 'cat /etc/motd.txt >/static/run', ...again };
    const after = { exec: 'web', command: 'cat /etc/motd.txt >/static/exec', ...again };
    const once = {
      host: 'grep -q new motd.txt && echo "only a new one will do" || test ! -e /tmp/returning',
      ...again,
    };
    const hooks = { 'before-switch': [before], 'after-switch': [after, once] };
    await scene.succeeds({ change, config: { hooks } });
    const collected = async (): Promise<string> => scene.host.sh('docker exec shop-web-1 cat /static/run /static/exec');
    expect(await collected()).toBe('as it was\nas it was');

    await scene.host.sh('touch /tmp/returning');
    const failed = await scene.comesHome(
      {
        change,
        files: { 'motd.txt': 'new\n' },
        config: {
          hooks: { ...hooks, 'after-switch': [after, once, { exec: 'web', command: 'cat /static/*; exit 3' }] },
        },
      },
      { result: 'rolled-back', phase: 'hooks', cause: /^hook exec web sh -c .*exit 3/, touched: ['web'] },
    );
    expect(failed.log).toMatch(/new\nnew/);
    expect(failed.summary).toMatch(/this was to be done again on the return, and failed: hook host/);
    expect(await collected()).toBe('as it was\nas it was');
  },
);
