import { expect, test } from '@jest/globals';
import { isDataImage } from './data-service.js';

test.each([
  'postgres',
  'postgres:17',
  'docker.io/library/postgres:17-alpine',
  'registry.example:5000/team/MariaDB',
  'redis:7@sha256:0123',
  'bitnami/mongodb:latest',
  'timescale/timescaledb-ha:pg16',
  'localhost:5000/postgres',
])('%s holds data', (reference) => {
  // prettier-ignore
  expect(isDataImage(reference)).toBe(true);
});

test.each([
  'nginx',
  'postgres/pgadmin',
  'my-postgres-backup:1',
  'registry.example:5000/app',
  'redis.example/app:redis',
])('%s does not', (reference) => {
  expect(isDataImage(reference)).toBe(false);
});
