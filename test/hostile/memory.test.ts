import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Attack, attacks } from '../../scripts/harness/inputs/attacks.ts';
import { type BareWorkerd, startBareWorkerd } from '../../scripts/harness/servers/bare-workerd.ts';

/** MB that a request may make the isolate allocate beyond its body. */
const mostMb = 32;

let workerd: BareWorkerd;
beforeAll(async () => {
  workerd = await startBareWorkerd();
  // The network and a decoder are loaded once, by whoever comes first.
  for (const attack of attacks().filter(({ name }) => name === '32 pictures')) await send(attack);
});
afterAll(() => workerd?.stop());

async function send({ method, path, body, type }: Attack): Promise<number> {
  const answer = await fetch(`${workerd.url}${path}`, { method, body, headers: { 'content-type': type } });
  await answer.arrayBuffer();
  return answer.status;
}

test.each(attacks().map((attack) => [attack.name, attack] as const))(
  '%s: takes no more memory than its body and a bounded rest',
  async (name, attack) => {
    let status = 0;
    const growth = await workerd.growth(async () => {
      status = await send(attack);
    });
    const over = growth - attack.body.length / 1e6;
    if (process.env.REPORT)
      console.log(`${name}: ${status}, ${growth.toFixed(1)} MB, ${over.toFixed(1)} over the body`);
    expect(over).toBeLessThan(mostMb);
  },
);
