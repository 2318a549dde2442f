import { expect, test } from '@jest/globals';
import { composeCall, modelCall } from './compose-calls.js';

const subject = { project: 'shop', composeFiles: ['deploy/compose.yml', '.homeport/scale.yml'], profiles: ['jobs'] };

test('everything is named, so that no default of a folder or a shell gets in', () => {
  expect(composeCall(subject, '/srv/shop')).toEqual({
    project: 'shop',
    directory: '/srv/shop/deploy',
    files: ['/srv/shop/deploy/compose.yml', '/srv/shop/.homeport/scale.yml'],
    envFile: '/srv/shop/.env',
    profiles: ['jobs'],
  });
  expect(composeCall({ ...subject, composeFiles: ['compose.yml'] }, '/srv/shop').directory).toBe('/srv/shop');
});

test('a resolved model stands where it will serve, and needs no environment', () => {
  expect(modelCall(subject, '/srv/shop')).toEqual({
    project: 'shop',
    directory: '/srv/shop/deploy',
    files: ['-'],
    profiles: ['jobs'],
  });
});
