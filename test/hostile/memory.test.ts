import { afterAll, beforeAll, expect, test } from 'vitest';
import { attacks } from '../../scripts/harness/inputs/attacks.ts';
import { type WorstBody, worstBodies } from '../../scripts/harness/inputs/worst-bodies.ts';
import { sendAttack } from '../../scripts/harness/load/cost.ts';
import { type BareWorkerd, startBareWorkerd } from '../../scripts/harness/servers/bare-workerd.ts';

/** MB that a request may make the isolate allocate beyond its body. */
const usualMb = 32;

const bodies: WorstBody[] = [...attacks(), ...(await worstBodies())];
let workerd: BareWorkerd;
beforeAll(async () => {
  workerd = await startBareWorkerd();
  // The network and a decoder are loaded once, by whoever comes first.
  for (const body of bodies.filter(({ name }) => name === '32 pictures')) await sendAttack(workerd, body);
});
afterAll(() => workerd?.stop());

test.each(bodies.map((body) => [body.name, body] as const))(
  '%s: takes no more memory than its body and a bounded rest',
  async (name, body) => {
    let status = 0;
    const growth = await workerd.growth(async () => {
      ({ status } = await sendAttack(workerd, body));
    });
    const over = growth - body.body.length / 1e6;
    if (process.env.REPORT)
      console.log(`${name}: ${status}, ${growth.toFixed(1)} MB, ${over.toFixed(1)} over the body`);
    expect(over).toBeLessThan(body.mostMb ?? usualMb);
  },
);

test('every route that takes a body has a worst one', async () => {
  const { paths } = await (await fetch(`${workerd.url}/openapi.json`)).json();
  const routes = Object.entries(paths as Record<string, Record<string, { requestBody?: object }>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).flatMap(([method, { requestBody }]) =>
        requestBody ? [`${method.toUpperCase()} ${path.replace(/\{.*?\}/, '')}`] : [],
      ),
  );
  expect(routes.length).toBeGreaterThan(4);
  for (const route of routes)
    expect(
      bodies.some(({ method, path, isAccepted }) => isAccepted && `${method} ${path}`.startsWith(route)),
    ).toBe(true);
});
