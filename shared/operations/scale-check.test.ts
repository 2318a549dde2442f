import { expect, test } from '@jest/globals';
import { refuseScaleOfNobody } from './scale-check.js';

const refuse = (scale: Record<string, number>, services: string[] | undefined) => (): void => {
  refuseScaleOfNobody({ scale }, { services });
};

test('a scale of nobody names the nearest service, or all', () => {
  expect(refuse({ web: 2, wbe: 2, zzzzzzzz: 1 }, ['db', 'web'])).toThrow(
    /^scale: the stack has no service "wbe"; did you mean "web"\?\nscale: the stack has no service "zzzzzzzz"; there are: db, web$/,
  );
});

test('what the checkout does not tell is not claimed', () => {
  expect(refuse({ web: 2 }, ['db', 'web'])).not.toThrow();
  expect(refuse({ wbe: 2 }, undefined)).not.toThrow();
});
