import { expect, test } from '@jest/globals';
import { container, details, engineRunning } from '../../test/support/stack.js';
import { observe } from './observe.js';
import { finishedWell, servingImage } from './observed.js';

test('containers are grouped by service; one-offs, strangers and those that went are not among them', async () => {
  const web = details('web');
  const all = [
    web,
    details('web', { id: 'second', imageId: 'other', env: ['A=1'], health: 'healthy' }),
    details('job', { id: 'oneoff', labels: { ...web.labels, 'com.docker.compose.oneoff': 'True' } }),
    details('stranger', { id: 'stranger', labels: {} }),
    details('gone', { id: 'gone' }),
  ];
  const engine = engineRunning(() => all);
  const look = engine.inspectContainer.bind(engine);
  engine.inspectContainer = async (id) => (id === 'gone' ? undefined : look(id));
  const observed = await observe(engine, 'shop');
  expect([...observed]).toEqual([
    ['web', [container('web'), container('web', { id: 'second', imageId: 'other', env: ['A=1'], health: 'healthy' })]],
  ]);
});

test('the serving image is the one that all containers agree on', () => {
  expect(servingImage([])).toBeUndefined();
  expect(servingImage([container('a'), container('a')])).toBe('sha256:a');
  expect(servingImage([container('a'), container('b')])).toBeUndefined();
});

test('a one-shot did its work when all of it ended with 0', () => {
  const ended = container('a', { status: 'exited' });
  expect(finishedWell([])).toBe(false);
  expect(finishedWell([ended])).toBe(true);
  expect(finishedWell([ended, { ...ended, exitCode: 1 }])).toBe(false);
  expect(finishedWell([ended, container('a')])).toBe(false);
});
