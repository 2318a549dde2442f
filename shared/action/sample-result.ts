/** Results of deploys as the tests of the edge need them. */
import type { DeployResult } from '../operations/result.js';

const id = (digit: string): string => `sha256:${digit.repeat(64)}`;

export const DEPLOYED: DeployResult = {
  verdict: 'deployed',
  host: 'deploy@203.0.113.7',
  project: 'shop',
  release: '20261122T021103Z-3f2a1c9',
  previousRelease: '20261121T100000Z-aaaaaaa',
  servingRelease: '20261122T021103Z-3f2a1c9',
  plan: {
    release: '20261122T021103Z-3f2a1c9',
    previousRelease: '20261121T100000Z-aaaaaaa',
    services: [
      {
        service: 'web',
        action: 'recreate',
        reasons: ['image', 'env: LOG_LEVEL'],
        image: { from: `ghcr.io/acme/shop@${id('a')}`, to: `ghcr.io/acme/shop@${id('b')}` },
      },
      { service: 'nginx', action: 'restart', reasons: ['mounted files: nginx/nginx.conf'] },
      { service: 'mailer', action: 'create', reasons: ['new'], image: { to: 'mail:1' } },
      { service: 'db', action: 'keep', reasons: [] },
      { service: 'redis', action: 'keep', reasons: [] },
    ],
    files: { added: [], changed: ['docker-compose.yml', 'nginx/nginx.conf'], removed: ['old.conf'] },
    env: { added: ['NEW_KEY'], changed: ['LOG_LEVEL'], removed: [] },
    networks: { added: [], changed: [], removed: [] },
    volumes: { added: ['media'], changed: [], removed: [] },
    hooks: ['before-switch: run web: python manage.py migrate'],
    warnings: ['web takes 10 s to stop: it ignores SIGTERM'],
  },
  changed: ['web', 'nginx', 'mailer'],
  downtime: 1240,
  downtimes: { web: 1240, nginx: 310 },
  duration: 12_340,
  phases: [
    { name: 'connect', duration: 480 },
    { name: 'fetch', duration: 6200 },
    { name: 'switch', duration: 2400 },
  ],
  images: { web: { reference: `ghcr.io/acme/shop@${id('b')}`, id: id('c') } },
  failure: undefined,
  warnings: ['web takes 10 s to stop: it ignores SIGTERM'],
  volumesLeft: [],
  recovered: [],
  sessions: 9,
};

export const ROLLED_BACK: DeployResult = {
  ...DEPLOYED,
  verdict: 'rolled-back',
  servingRelease: '20261121T100000Z-aaaaaaa',
  changed: [],
  warnings: [],
  images: {},
  failure: {
    phase: 'health',
    message: 'web is unhealthy after 20 s: <b>GET</b> /health said 503\nhook_a|b *failed*',
    problems: [],
    lastLines: [
      '\u001b[31mError\u001b[0m: no such column "total"',
      '```',
      '</details><img src=x onerror=alert(1)> @everyone #1',
    ],
    hostState: 'release 20261121T100000Z-aaaaaaa serves again, checked by image ID',
  },
};
