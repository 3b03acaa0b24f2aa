import { createMiddleware } from 'hono/factory';
import type { Environment, RequestContext } from '../environment.ts';

/**
 * Parts of a request in the header `Server-Timing`: `decode` makes images what the network takes, resizing included,
 * and `run` is the network. In milliseconds, as the platform's clock has it: Cloudflare's stands still while code runs.
 */
export type Part = 'decode' | 'run';

/** Puts the times of {@link timed}, where there are any, and the `total` into the answer, for pages of any origin. */
export const serverTiming = createMiddleware<Environment>(async (c, next) => {
  const began = performance.now();
  c.set('times', {});
  await next();
  if (Object.keys(c.var.times).length === 0) return;
  const times = { ...c.var.times, total: performance.now() - began };
  const header = Object.entries(times).map(([part, ms]) => `${part};dur=${ms.toFixed(1)}`);
  c.header('server-timing', header.join(', '));
  c.header('timing-allow-origin', '*');
});

/** Does a piece of a part, and adds to its time. */
export async function timed<Result>(
  { var: { times } }: RequestContext,
  part: Part,
  work: () => Promise<Result>,
): Promise<Result> {
  const began = performance.now();
  try {
    return await work();
  } finally {
    times[part] = (times[part] ?? 0) + performance.now() - began;
  }
}
