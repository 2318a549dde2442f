/** The line of YAML that gives a service a healthcheck, for those images of which everybody knows how to ask. */
import type { ServiceModel } from '../compose/model.js';

// Over TCP: while such an image initialises its data, it answers on its socket only.
const KNOWN: readonly [RegExp, string][] = [
  [/postgres|postgis|pgvector|timescale/, 'pg_isready -h 127.0.0.1'],
  [/mariadb/, 'healthcheck.sh --connect --innodb_initialized'],
  [/mysql|percona/, 'mysqladmin ping -h 127.0.0.1'],
  [/redis/, 'redis-cli ping'],
  [/valkey/, 'valkey-cli ping'],
  [/mongo/, `mongosh --quiet --eval 'db.runCommand({ping: 1}).ok'`],
  [/rabbitmq/, 'rabbitmq-diagnostics -q ping'],
];

export function healthcheckAdvice({ image, ports }: ServiceModel): string {
  const name = image?.split('@')[0]?.split('/').at(-1) ?? '';
  const known = KNOWN.find(([pattern]) => pattern.test(name))?.[1];
  const command = known ?? `wget -q -O /dev/null http://127.0.0.1:${ports[0]?.target ?? 8080}/`;
  return `healthcheck: {test: [CMD-SHELL, "${command}"], interval: 5s, timeout: 5s, retries: 12, start_period: 30s}`;
}
