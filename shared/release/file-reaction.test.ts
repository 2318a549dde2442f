import { describe, expect, test } from '@jest/globals';
import { serviceModel } from '../../test/support/stack.js';
import type { ServiceModel } from '../compose/model.js';
import { fileReaction, type GivenReaction } from './file-reaction.js';

const CONF = '/etc/nginx/conf.d/default.conf';
const react = (image: string, more: Partial<ServiceModel> = {}, targets = [CONF], given?: GivenReaction): string => {
  const { action, test, signal } = fileReaction(serviceModel('proxy', { image, ...more }), given, targets);
  const tested = test === undefined ? [] : [[...(test.entrypoint ?? '').split(' '), ...test.command].join(' ').trim()];
  return [action, ...(signal === undefined ? [] : [signal.name]), ...tested.map((words) => `after ${words}`)].join(' ');
};

test.each<[string, string, Partial<ServiceModel>, string[], string]>([
  ['nginx', 'nginx:1', {}, [CONF], 'signal HUP after nginx -t'],
  ['nginx of others', 'registry.test:5000/nginxinc/nginx-unprivileged:1.27', {}, [CONF], 'signal HUP after nginx -t'],
  ['nginx by digest', `nginx@sha256:${'a'.repeat(64)}`, {}, [CONF], 'signal HUP after nginx -t'],
  ['nginx with another file', 'nginx', { command: ['nginx', '-c', '/n.conf', '-g', 'daemon off;'] }, [CONF], 'signal HUP after nginx -t -c /n.conf'],
  ['what nginx serves', 'nginx', {}, ['/usr/share/nginx/html/a.html'], 'signal HUP'],
  ['what nginx makes its files of when it starts', 'nginx', {}, ['/etc/nginx/templates/a.template'], 'recreate after nginx -t'],
  ['nginx below a shell', 'nginx', { command: ['sh', '-c', 'sleep 1 & exec nginx -g "daemon off;"'] }, [CONF], 'recreate after nginx -t'],
  ['nginx as the entrypoint', 'nginx', { entrypoint: ['/usr/sbin/nginx', '-g', 'daemon off;'] }, [CONF], 'signal HUP after nginx -t'],
  ['a script as the entrypoint', 'nginx', { entrypoint: ['/own.sh'], command: ['nginx'] }, [CONF], 'recreate'],
  ['something else in that image', 'nginx', { command: ['sleep', '1'] }, [CONF], 'recreate'],
  ['who lives in another container', 'nginx', { networkMode: 'service:web' }, [CONF], 'recreate'],
  ['Caddy has no such signal everywhere', 'caddy:2-alpine', {}, ['/etc/caddy/Caddyfile'], 'recreate after caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile'],
  ['Caddy with another file', 'caddy', { command: ['caddy', 'run', '--config', '/c.json'] }, ['/c.json'], 'recreate after caddy validate --config /c.json'],
  ['what Caddy serves', 'caddy', {}, ['/srv/index.html'], 'recreate'],
  ['HAProxy', 'haproxy:3.0', {}, ['/usr/local/etc/haproxy/haproxy.cfg'], 'signal HUP after haproxy -c -f /usr/local/etc/haproxy/haproxy.cfg'],
  ['HAProxy with other files', 'haproxy', { command: ['-f', '/a', '-f', '/b'] }, ['/a'], 'signal HUP after haproxy -c -f /a -f /b'],
  ['Prometheus', 'prom/prometheus:v3', {}, ['/etc/prometheus/rules.yml'], 'signal HUP after promtool check config /etc/prometheus/prometheus.yml'],
  ['Prometheus with another file', 'prom/prometheus', { command: ['--config.file=/p.yml'] }, ['/p.yml'], 'signal HUP after promtool check config /p.yml'],
  ['an image of which nothing is known', 'acme/nginx-app', {}, [CONF], 'recreate'],
])('by default: %s', (_, image, more, targets, expected) => {
  expect(react(image, more, targets)).toBe(expected);
}); // prettier-ignore

describe('what was asked for is laid over that', () => {
  test.each<[string, GivenReaction, string]>([
    ['nginx', 'ignore', 'ignore'],
    ['nginx', 'restart', 'restart after nginx -t'],
    ['nginx', 'recreate', 'recreate after nginx -t'],
    ['nginx', { test: ['true'] }, 'signal HUP after true'],
    ['nginx', { signal: 'SIGUSR1' }, 'signal USR1 after nginx -t'],
    ['app', { test: ['true'] }, 'recreate after true'],
    ['app', { signal: 'HUP' }, 'signal HUP'],
  ])('%s, %j', (image, given, expected) => {
    expect(react(image, {}, [CONF], given)).toBe(expected);
  });

  test('a signal that is usual for it must still be seen to be taken, another one tells nothing', () => {
    const of = (signal: string) => fileReaction(serviceModel('p', { image: 'nginx' }), { signal }, [CONF]).signal;
    expect(of('SIGHUP')?.proof).toMatchObject({ process: 'nginx' });
    expect(of('USR1')).toEqual({ name: 'USR1' });
  });
});
