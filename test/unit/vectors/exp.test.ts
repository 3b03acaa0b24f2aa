import { expect, test } from 'vitest';
import { exp } from '../../../src/vectors/classes/exp.ts';

test('exp is e^x to the last bit or two', () => {
  for (let x = -15; x <= 15; x += 0.00973) {
    const ratio = exp(x) / Math.exp(x);
    expect(Math.abs(ratio - 1)).toBeLessThanOrEqual(2 * Number.EPSILON);
  }
  expect([exp(0), exp(-0)]).toEqual([1, 1]);
});
