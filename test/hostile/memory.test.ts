import { afterAll, beforeAll, expect, test } from 'vitest';
import { attacks } from '../../scripts/harness/inputs/attacks.ts';
import { warmUp, worstBodies } from '../../scripts/harness/inputs/worst-bodies.ts';
import { memoryOf, sendAccepted, sendAttack } from '../../scripts/harness/load/cost.ts';
import {
  type BareWorkerd,
  isolateHeap,
  startBareWorkerd,
} from '../../scripts/harness/servers/bare-workerd.ts';

/** MB that a request may make the isolate allocate beyond its body. */
const usualMb = 32;

const worst = await worstBodies();
let workerd: BareWorkerd;
beforeAll(async () => {
  workerd = await startBareWorkerd(undefined, { flags: isolateHeap });
  await sendAccepted(workerd, warmUp);
});
afterAll(() => workerd?.stop());

// Each in a Worker of its own, which has no memory left from another.
test.each(worst.map((body) => [body.name, body] as const))(
  '%s: is answered with no more memory than its body and a bounded rest',
  async (name, body) => {
    const mb = await memoryOf(body);
    if (process.env.REPORT) console.log(`${name}: ${mb.toFixed(1)} MB over the body`);
    expect(mb).toBeLessThan(body.mostMb ?? usualMb);
  },
);

test('what is refused takes no more memory than its body and a bounded rest', async () => {
  for (const attack of attacks().filter(({ isAccepted }) => !isAccepted)) {
    const growth = await workerd.growth(() => sendAttack(workerd, attack));
    expect(growth - attack.body.length / 1e6, attack.name).toBeLessThan(usualMb);
  }
});

test('every route that takes a body has a worst one', async () => {
  const { paths } = await (await fetch(`${workerd.url}/openapi.json`)).json();
  const routes = Object.entries(paths as Record<string, Record<string, { requestBody?: object }>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).flatMap(([method, { requestBody }]) =>
        requestBody ? [`${method.toUpperCase()} ${path.replace(/\{.*?\}/, '')}`] : [],
      ),
  );
  expect(routes.length).toBeGreaterThan(4);
  const missing = routes.filter(
    (route) => !worst.some(({ method, path }) => `${method} ${path}`.startsWith(route)),
  );
  expect(missing).toEqual([]);
});
