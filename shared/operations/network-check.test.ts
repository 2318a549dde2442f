import { expect, test } from '@jest/globals';
import { container, details, engineRunning } from '../../test/support/stack.js';
import type { Plan } from '../release/plan.js';
import { refuseNetworksOfOthers } from './network-check.js';

const plan = (changed: readonly string[]): Plan =>
  ({ services: [{ service: 'web', action: 'recreate', reasons: [] }], networks: { added: [], changed, removed: [] } }) as unknown as Plan; // prettier-ignore
const observed = new Map([
  ['web', [container('web')]],
  ['stray', [container('stray')]],
]);
const all = [
  details('web', { networks: ['front'] }),
  details('stray', { networks: ['front'] }),
  details('shell', { name: 'shell', labels: {}, networks: ['front'], status: 'exited' }),
  details('api', { name: 'blog-api-1', labels: { 'com.docker.compose.project': 'blog' }, networks: ['back', 'front'] }),
];

test('everyone else on a network that has to be made anew is named', async () => {
  await expect(refuseNetworksOfOthers({ engine: engineRunning(() => all) }, plan(['front']), observed)).rejects.toThrow(
    /network front .* and container shop-stray-1, container shell, container blog-api-1 of project blog are on it/,
  );
});

test('nobody is asked when no network changed, and nobody minds when only the stack is on it', async () => {
  const engine = engineRunning(() => all);
  await refuseNetworksOfOthers({ engine }, plan(['other']), observed);
  await refuseNetworksOfOthers({ engine: engineRunning(() => { throw new Error('asked'); }) }, plan([]), observed); // prettier-ignore
});
