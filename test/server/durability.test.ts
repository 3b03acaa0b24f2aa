import { expect, test } from 'vitest';
import { runChaos } from '../../scripts/harness/load/chaos.ts';

// `npm run stress -- chaos` is the long form.
test('what was acknowledged is there after workerd is killed, bit by bit, and half of a write never is', async () => {
  const { writes, compared } = await runChaos(3, 1);
  expect(writes).toBeGreaterThan(10);
  expect(compared).toBeGreaterThan(100);
}, 300_000);
