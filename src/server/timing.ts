import { endTime, startTime, timing } from 'hono/timing';
import type { RequestContext } from './environment.ts';

/**
 * Parts of a request in the header `Server-Timing`: `decode` makes images what the network takes, resizing included,
 * and `run` is the network. In milliseconds, as the platform's clock has it: Cloudflare's stands still while code runs.
 */
type Part = 'decode' | 'run';

/** Puts the times of {@link timed} and the `total` into the answer, for pages of any origin. */
export const serverTiming = timing({ totalDescription: '', crossOrigin: true });

/** Does a part of a request, and tells how long it took. */
export async function timed<Result>(
  c: RequestContext,
  part: Part,
  work: () => Promise<Result>,
): Promise<Result> {
  startTime(c, part);
  try {
    return await work();
  } finally {
    endTime(c, part);
  }
}
