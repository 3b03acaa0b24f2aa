import { createMiddleware } from 'hono/factory';

/**
 * Parts of a request in the header `Server-Timing`, in milliseconds: `decode` decodes and resizes images, `run` runs
 * the network. Cloudflare's clock does not advance while code runs.
 */
export type Part = 'decode' | 'run';

/** Milliseconds spent on a request, by part. */
export type Times = Partial<Record<Part, number>>;

/** Set by {@link serverTiming}. */
export interface TimingVariables {
  times: Times;
}

/** Puts the times of {@link timed} and the `total` into the answer, for pages of any origin. */
export const serverTiming = createMiddleware<{ Variables: TimingVariables }>(async (c, next) => {
  const start = performance.now();
  c.set('times', {});
  await next();
  if (Object.keys(c.var.times).length === 0) return;
  const times = { ...c.var.times, total: performance.now() - start };
  const header = Object.entries(times).map(([part, ms]) => `${part};dur=${ms.toFixed(1)}`);
  c.header('server-timing', header.join(', '));
  c.header('timing-allow-origin', '*');
});

/** Does some work, and adds its time to that of its part. */
export async function timed<Result>(times: Times, part: Part, work: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    times[part] = (times[part] ?? 0) + performance.now() - start;
  }
}
