/** Which services hold data: a rebuilt upstream tag must not restart a database on the day of a CSS fix. */

const ENGINES = [
  'postgres', 'postgresql', 'postgis', 'timescaledb', 'timescaledb-ha', 'pgvector', 'mysql', 'mysql-server', 'mariadb', 'percona',
  'percona-server', 'redis', 'redis-stack', 'valkey', 'keydb', 'mongo', 'mongodb', 'rabbitmq', 'elasticsearch', 'opensearch', 'clickhouse',
  'clickhouse-server', 'cassandra', 'influxdb', 'minio', 'neo4j', 'couchdb', 'cockroach', 'memcached', 'nats', 'kafka', 'zookeeper', 'etcd',
]; // prettier-ignore

/** Told by the last part of its image's name, whoever publishes it. */
export function isDataImage(reference: string): boolean {
  const name =
    reference
      .replace(/@.*$/, '')
      .replace(/:[^/:]*$/, '')
      .split('/')
      .at(-1) ?? '';
  return ENGINES.includes(name.toLowerCase());
}
