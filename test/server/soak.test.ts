import { expect, test } from 'vitest';
import { mostGrowth, runSoak } from '../helpers/soak.ts';
import { runUploads } from '../helpers/uploads.ts';

// `npm run soak` is the long form.
test('under load every answer is right, and nothing is kept', async () => {
  const { refused, middle, end } = await runSoak(2_000, 20);
  expect(refused).toBe(0);
  expect(end - middle).toBeLessThanOrEqual(mostGrowth);
}, 180_000);

test('a build that keeps 100 kB of every request is found out', async () => {
  const { middle, end } = await runSoak(2_000, 20, 'test/helpers/leaking-worker.ts');
  expect(end - middle).toBeGreaterThan(mostGrowth);
}, 180_000);

test('slow uploads end in 408, broken ones store nothing, and others are served meanwhile and after', async () => {
  const { slow, cut } = await runUploads(200, 60);
  expect(slow).toBeGreaterThan(50);
  expect(cut).toBe(60);
}, 180_000);
