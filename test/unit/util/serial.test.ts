import { expect, test } from 'vitest';
import { createSerial } from '../../../src/util/concurrency/serial.ts';

test('tasks run one after the other, in order, also after one that fails', async () => {
  const serial = createSerial();
  const log: string[] = [];
  const task = (name: string, ms: number) => async () => {
    log.push(`${name} starts`);
    await new Promise((resolve) => setTimeout(resolve, ms));
    log.push(`${name} ends`);
    if (name === 'a') throw new Error('a failed');
    return name;
  };
  const results = await Promise.allSettled([serial(task('a', 20)), serial(task('b', 1))]);
  expect(results).toMatchObject([{ reason: { message: 'a failed' } }, { value: 'b' }]);
  expect(log).toEqual(['a starts', 'a ends', 'b starts', 'b ends']);
});
