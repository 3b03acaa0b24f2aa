import { expect, test, vi } from 'vitest';
import { maxGrowth, runSoak } from '../../scripts/harness/load/soak.ts';
import { breakOff, runUploads } from '../../scripts/harness/load/uploads.ts';
import { startBareWorkerd } from '../../scripts/harness/servers/bare-workerd.ts';

// `npm run stress -- soak` is the long form.
test('under load every answer is right, and nothing is kept', async () => {
  const { refused, middle, end } = await runSoak(2_000, 20);
  expect(refused).toBe(0);
  expect(end - middle).toBeLessThanOrEqual(maxGrowth);
}, 180_000);

test('a build that keeps 100 kB of every request is found out', async () => {
  const { middle, end } = await runSoak(2_000, 20, 'scripts/harness/load/leaking-worker.ts');
  expect(end - middle).toBeGreaterThan(maxGrowth);
}, 180_000);

test('uploads that trickle end in 408, those that break off store nothing, and good requests are answered beside', async () => {
  const { slow, cut } = await runUploads(40, 60);
  expect(slow).toBeGreaterThanOrEqual(50);
  expect(cut).toBe(60);
}, 180_000);

test('nothing is kept of a request whose caller left', async () => {
  const hosted = await startBareWorkerd('test/helpers/counting-worker.ts');
  try {
    const count = async () =>
      (await (await fetch(`${hosted.url}/kept`)).json()) as { all: number; kept: number };
    const { all } = await count();
    for (let i = 0; i < 120; i += 12) {
      const here = vi.waitFor(async () => expect((await count()).all).toBe(all + i + 12), 30_000);
      await Promise.all(Array.from({ length: 12 }, (_, k) => breakOff(hosted.url, i + k, here)));
    }
    // The platform may hold the last of them until it reads the next body.
    const keptAfterNext = async () => {
      await (await fetch(`${hosted.url}/v1/classify`, { method: 'POST', body: 'no picture' })).text();
      return (await count()).kept;
    };
    await expect.poll(keptAfterNext).toBe(0);
  } finally {
    await hosted.stop();
  }
});
