// What is known to be wrong before the switch: nothing that serves is touched, and the message names the cause.
import { onBoth, Scene } from './support/scene.js';

const both = onBoth(async (generation) => Scene.serving(generation));

both('an image that does not exist', async (scene) => {
  await scene.comesHome(
    { change: ({ services: { web } }) => (web['image'] = 'acme/web:v404') },
    { result: 'failed', phase: 'plan', cause: /acme\/web:v404/ },
  );
});

both('a compose file that Compose refuses', async (scene) => {
  await scene.comesHome(
    { change: ({ services: { web } }) => (web['network'] = 'front') },
    { result: 'failed', phase: 'stage', cause: /^Compose refuses the stack: .*network/ },
  );
});

both('a file that is no YAML', async (scene) => {
  const before = await scene.look();
  const done = await scene.deploy({ files: { 'docker-compose.yml': 'services:\n  web: {image: "acme/web:v2\n' } });
  if (done.status !== 1 || !done.log.includes('docker-compose.yml')) throw new Error(done.log);
  await scene.staysAs(before, done.log);
});

both('a build that fails', async (scene) => {
  await scene.comesHome(
    {
      change: ({ services: { side } }) => (side['build'] = './side'),
      files: {
        'side/Dockerfile':
          'FROM acme/web:v1\nCOPY app.txt /app.txt\nRUN cat /app.txt && echo no compiler here && exit 4\n',
        'side/app.txt': 'shipped with the context\n',
        'side/ignored.txt': 'x\n',
        'side/.dockerignore': 'ignored.txt\n',
      },
    },
    {
      result: 'failed',
      phase: 'fetch',
      cause: /^the build of side failed/,
      shows: /shipped with the context[^]*no compiler here/,
    },
  );
});

both('a port that another process has', async (scene) => {
  await scene.host.sh(
    `python3 -c 'import socket,time; s=socket.create_server(("", 8088)); time.sleep(900)' </dev/null >/dev/null 2>&1 &
echo $! >/tmp/listener
until ss -ltn | grep -q :8088; do sleep 0.1; done`,
    { user: 'root' },
  );
  await scene.comesHome(
    { change: ({ services: { side } }) => (side['ports'] = ['8088:8080']) },
    { result: 'failed', phase: 'plan', cause: /^side shall publish port 8088\/tcp, which .+ has/ },
  );
  await scene.host.sh('kill $(cat /tmp/listener)', { user: 'root' });
});

both("a port that another project's container has", async (scene) => {
  await scene.host.sh(
    'docker run -d --name blog-web-1 --label com.docker.compose.project=blog -p 8089:8080 acme/web:v1',
  );
  await scene.comesHome(
    { change: ({ services: { side } }) => (side['ports'] = ['8089:8080']) },
    { result: 'failed', phase: 'plan', cause: /^side shall publish port 8089\/tcp, which .*blog.* has/ },
  );
  await scene.host.sh('docker rm -f blog-web-1');
});

both('a port that is taken while the deploy runs: the switch fails at it, and comes home', async (scene) => {
  await scene.comesHome(
    {
      config: {
        hooks: { 'before-switch': [{ host: 'docker run -d --name thief -p 8090:8080 acme/web:v1 >/dev/null' }] },
      },
      change: ({ services: { side, web } }) => {
        side['ports'] = ['8090:8080'];
        web['image'] = 'acme/web:v2';
      },
    },
    {
      result: 'rolled-back',
      phase: 'switch',
      cause: /^up .*side.*: Error response from daemon: .*(already allocated|already in use)/,
      shows: /port is already allocated|address already in use/,
      touched: ['side', 'web'],
    },
  );
  await scene.host.sh('docker rm -f thief');
});

both('a run that is older than the one that serves, unless that is asked for', async (scene) => {
  const older = { env: 'FROM_ENV=older\n', runner: { GITHUB_RUN_ID: '7' } };
  await scene.comesHome(older, {
    result: 'failed',
    phase: 'stage',
    cause: /^this run, of commit \w{7}, is older than the one that deployed what serves: .*`stale: allow`/,
  });
  await scene.succeeds({ ...older, inputs: { stale: 'allow' } });
});
