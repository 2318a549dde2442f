import { expect, test } from '@jest/globals';
import { buildFile } from './build-file.js';

const STAGED = '/srv/.homeport/releases/1/files';
const BUILD = '/srv/.homeport/releases/1/build';

test('only what is to be built is in it, under our names, from where contexts are staged', () => {
  const model = {
    services: {
      web: { image: 'app:1', build: { context: `${STAGED}/web`, additional_contexts: { lib: `${STAGED}/lib` }, secrets: [{ source: 'key' }] }, ports: ['80:80'] }, // prettier-ignore
      db: { image: 'postgres' },
    },
    volumes: { data: {} },
    secrets: { key: { file: `${STAGED}/key` } },
  };
  const names = new Map([['web', 'homeport/shop/web:1']]);
  expect(JSON.parse(buildFile(JSON.stringify(model), names, STAGED, BUILD))).toEqual({
    services: {
      web: {
        image: 'homeport/shop/web:1',
        build: { context: `${BUILD}/web`, additional_contexts: { lib: `${BUILD}/lib` }, secrets: [{ source: 'key' }] },
      },
    },
    secrets: { key: { file: `${STAGED}/key` } },
  });
});
