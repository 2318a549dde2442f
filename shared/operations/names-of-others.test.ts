import { expect, test } from '@jest/globals';
import type { ContainerSummary } from '../host/engine.js';
import type { Plan, ServiceAction } from '../release/plan.js';
import { namesOfOthers } from './names-of-others.js';

const user = (project: string | undefined, image: string, imageId = 'old'): ContainerSummary => ({
  id: `${project ?? ''}${image}`,
  name: `some-${imageId}`,
  labels:
    project === undefined
      ? {}
      : { 'com.docker.compose.project': project, 'com.docker.compose.service': `s-${imageId}` },
  imageId,
  image,
  status: 'running',
  ports: [],
});
const planned = (action: ServiceAction): Plan =>
  ({ services: [{ service: 'web', action, reasons: [] }] }) as unknown as Plan;

test('whoever uses a name that moves is told of, however the name is written', () => {
  const wanted = new Map([['web', { reference: 'docker.io/library/app', id: 'new' }]]);
  const others = [
    user('shop', 'app:latest'),
    user('blog', 'app'),
    user('blog', 'app', 'new'),
    user('blog', 'app:2'),
    user(undefined, 'app:latest', 'older'),
  ];
  expect(namesOfOthers(planned('recreate'), wanted, others, 'shop')).toEqual([
    'docker.io/library/app will mean another image on this engine, and container some-older, s-old of project blog use that ' +
      'name too: an `up` there runs the new one from then on',
  ]);
  expect(namesOfOthers(planned('keep'), wanted, others, 'shop')).toEqual([]);
  const pinned = new Map([['web', { reference: 'app@sha256:0', id: 'new' }]]);
  expect(namesOfOthers(planned('recreate'), pinned, others, 'shop')).toEqual([]);
});
