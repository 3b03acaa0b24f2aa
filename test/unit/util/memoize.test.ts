import { expect, test } from 'vitest';
import { memoize } from '../../../src/util/memoize.ts';

test('each key is loaded once, and its value kept', async () => {
  const loads: string[] = [];
  const load = memoize(async (key: string) => {
    loads.push(key);
    return key.toUpperCase();
  });
  expect(await Promise.all([load('a'), load('b'), load('a')])).toEqual(['A', 'B', 'A']);
  expect(await load('b')).toBe('B');
  expect(loads).toEqual(['a', 'b']);
});

test('a failure of one key is forgotten, and leaves the others alone', async () => {
  let broken = true;
  const loads: string[] = [];
  const load = memoize(async (key: string) => {
    loads.push(key);
    if (key === 'a' && broken) throw new Error('broken');
    return key;
  });
  await expect(load('a')).rejects.toThrow('broken');
  expect(await load('b')).toBe('b');
  broken = false;
  expect(await load('a')).toBe('a');
  expect(await load('b')).toBe('b');
  expect(loads).toEqual(['a', 'b', 'a']);
});
