import { expect, test } from '@jest/globals';
import { HostFailure } from '../base/errors.js';
import { bodyText, type EngineConnection } from './engine-connection.js';
import { EngineFailure } from './engine-failure.js';
import { FakeEngine, json } from './fake-engine.js';

const get = async (connection: EngineConnection, path: string): Promise<string> =>
  connection.ask({ method: 'GET', path }, bodyText);

/** Answers only when told to. */
function slowEngine(): { engine: FakeEngine; answerAll: () => void; waiting: () => number } {
  const open: (() => void)[] = [];
  const engine = new FakeEngine((request, answer) => {
    if (request.url?.startsWith('/slow') === true) open.push(() => answer.end('slow'));
    else answer.end('quick');
  });
  return {
    engine,
    answerAll: () => {
      for (const end of open.splice(0)) end();
    },
    waiting: () => open.length,
  };
}

test('many requests share one session and it is kept between them', async () => {
  const engine = new FakeEngine((request, answer) => answer.end(request.url));
  const connection = engine.connection({ patience: 5000 });
  const answers = await Promise.all(['/1', '/2', '/3', '/4'].map(async (path) => get(connection, path)));
  answers.push(await get(connection, '/5'));
  expect(answers).toEqual(['/1', '/2', '/3', '/4', '/5']);
  expect(engine.sessions).toHaveLength(1);
  await connection.close();
});

test('no warning of leaking listeners after many requests', async () => {
  const warnings: string[] = [];
  const note = (warning: Error): void => void warnings.push(warning.name);
  process.on('warning', note);
  const engine = new FakeEngine((_request, answer) => answer.end('x'));
  const connection = engine.connection();
  for (let count = 0; count < 30; count += 1) await get(connection, '/x');
  await new Promise(setImmediate);
  process.off('warning', note);
  expect(warnings).toEqual([]);
  await connection.close();
});

test('a request that waits for long gets a session of its own, but never more than three are open', async () => {
  const { engine, answerAll, waiting } = slowEngine();
  const connection = engine.connection({ patience: 10 });
  const slow = Array.from({ length: 5 }, async () => get(connection, '/slow'));
  while (waiting() < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(waiting()).toBe(3);
  expect(engine.sessions).toHaveLength(3);
  answerAll();
  while (waiting() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  answerAll();
  expect(await Promise.all(slow)).toEqual(['slow', 'slow', 'slow', 'slow', 'slow']);
  expect(engine.sessions).toHaveLength(3);
  await connection.close();
});

test('a second session that cannot be opened is no failure: the first one will do', async () => {
  const { engine, answerAll, waiting } = slowEngine();
  const connection = engine.connection({ patience: 10 });
  const first = get(connection, '/slow');
  while (waiting() < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  engine.refuse = new HostFailure('box', 'no more sessions');
  const second = get(connection, '/quick');
  await new Promise((resolve) => setTimeout(resolve, 50));
  answerAll();
  expect(await Promise.all([first, second])).toEqual(['slow', 'quick']);
  await connection.close();
});

test("the engine's refusal is a failure with its own message, and the session stays good", async () => {
  const engine = new FakeEngine((_request, answer) => {
    json(answer, { message: 'No such container: x' }, 404);
  });
  const connection = engine.connection();
  const failure = await get(connection, '/x').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EngineFailure);
  expect(failure).toBeInstanceOf(HostFailure);
  expect(failure).toMatchObject({ message: 'No such container: x', status: 404, host: 'box' });
  await get(connection, '/x').catch(() => undefined);
  expect(engine.sessions).toHaveLength(1);
  await connection.close();
});

test('a read is asked again when its session broke, something that changes the host is not', async () => {
  let broken = 0;
  const engine = new FakeEngine((request, answer) => {
    if (broken < 2) {
      broken += 1;
      request.socket.destroy();
    } else answer.end('at last');
  });
  const connection = engine.connection();
  expect(await get(connection, '/read')).toBe('at last');
  broken = 1;
  const changed = connection.ask({ method: 'POST', path: '/write' }, bodyText);
  await expect(changed).rejects.toThrow(/did not answer/);
  expect(engine.asked.filter((line) => line === 'POST /write')).toHaveLength(1);
  await connection.close();
});

test('an engine that is restarting is waited for, a lost connection to the host is not', async () => {
  const engine = new FakeEngine((_request, answer) => answer.end('up again'));
  engine.refuse = new HostFailure('box', 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock');
  const connection = engine.connection();
  const asked = get(connection, '/x');
  setTimeout(() => (engine.refuse = undefined), 200);
  expect(await asked).toBe('up again');
  await connection.close();

  engine.refuse = new HostFailure('box', 'the connection was lost');
  const other = engine.connection();
  const began = performance.now();
  await expect(get(other, '/x')).rejects.toThrow('the connection was lost');
  expect(performance.now() - began).toBeLessThan(10_000);
  await other.close();
});

test('when a request is cancelled its session is left, and the next request has another', async () => {
  const { engine, waiting } = slowEngine();
  const connection = engine.connection();
  const stop = new AbortController();
  const slow = connection.ask({ method: 'GET', path: '/slow', signal: stop.signal }, bodyText);
  const caught = slow.catch((error: unknown) => (error as Error).name);
  while (waiting() < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  expect(await caught).toBe('AbortError');
  expect(await get(connection, '/quick')).toBe('quick');
  expect(engine.sessions).toHaveLength(2);
  await connection.close();
});

test('after close nothing is asked and nothing hangs', async () => {
  const { engine, waiting } = slowEngine();
  const connection = engine.connection({ patience: 60_000 });
  const running = get(connection, '/slow').catch((error: unknown) => (error as Error).message);
  while (waiting() < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  const queued = get(connection, '/later').catch((error: unknown) => (error as Error).message);
  await connection.close();
  expect(await running).toMatch(/closed|did not answer/);
  expect(await queued).toMatch(/already closed/);
  await expect(get(connection, '/x')).rejects.toThrow(/already closed/);
});

test('an answer that does not end has a session of its own', async () => {
  const engine = new FakeEngine((request, answer) => {
    if (request.url === '/events') answer.write('{}\n');
    else answer.end('quick');
  });
  const connection = engine.connection();
  const { answer, lane } = await connection.askApart({ method: 'GET', path: '/events' });
  expect(answer.statusCode).toBe(200);
  expect(await get(connection, '/x')).toBe('quick');
  expect(engine.sessions).toHaveLength(2);
  connection.leave(lane);
  expect(connection.sessions).toBe(1);
  await connection.close();
});
