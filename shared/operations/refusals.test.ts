import { expect, test } from '@jest/globals';
import { engineWith, serviceModel, stackModel } from '../../test/support/stack.js';
import { UserError } from '../base/errors.js';
import type { ImageDetails } from '../host/engine.js';
import { healthProblems, withProblems } from './refusals.js';

test('what is wrong comes together with what the work finds; a failure of the host comes alone', async () => {
  const found = [{ message: 'one' }];
  await expect(withProblems(found, async () => Promise.reject(new UserError('two')))).rejects.toThrow('one\ntwo');
  await expect(withProblems(found, async () => Promise.resolve(1))).rejects.toThrow(/^one$/);
  await expect(withProblems(found, async () => Promise.reject(new Error('lost')))).rejects.toThrow(/^lost$/);
  expect(await withProblems([], async () => Promise.resolve(1))).toBe(1);
});

test('an image is asked for its healthcheck once it is on the host', async () => {
  const model = stackModel([
    serviceModel('web', { dependsOn: { db: { condition: 'service_healthy', required: true, restart: false } } }),
    serviceModel('db'),
  ]);
  const asked = async (id: string | undefined, hasHealthcheck: boolean): Promise<number> => {
    const engine = engineWith({ inspectImage: async () => Promise.resolve({ hasHealthcheck } as ImageDetails) });
    return (await healthProblems(engine, model, new Map(), new Map([['db', { id }]]))).length;
  };
  expect(await asked('id', false)).toBe(1);
  expect(await asked('id', true)).toBe(0);
  expect(await asked(undefined, false)).toBe(0);
});
