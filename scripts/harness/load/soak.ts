import { quantile } from '../quantile.ts';
import { startBareWorkerd } from '../servers/bare-workerd.ts';
import { kept, openLoad } from './load.ts';

/** Figures of {@link runSoak}. */
export interface SoakReport {
  requests: number;
  /** Requests that a full queue refused, with `Retry-After`. */
  refused: number;
  /** MB of workerd's resident memory in the middle of the run and at its end. */
  middle: number;
  end: number;
  /** Milliseconds of an answer: median and 99th percentile. */
  median: number;
  p99: number;
}

/**
 * MB that workerd may grow by from the middle of a run to its end. In the first thousand requests even a leak fits into
 * memory that the decoders freed.
 */
export const maxGrowth = 10;

/** V8's young generation grows in steps of 16 MB for some ten thousand requests, which would hide what is kept. */
const flags = ['--max-semi-space-size=1'];

/**
 * Classifies pictures of all kinds again and again in a workerd on this machine, and compares every answer with the first for
 * its picture.
 *
 * @param entry - another Worker than that of `wrangler.toml`.
 * @throws Error for a lost or a wrong answer.
 */
export async function runSoak(requests: number, concurrency: number, entry?: string): Promise<SoakReport> {
  const hosted = await startBareWorkerd(entry, { flags });
  try {
    const load = await openLoad(hosted.url);
    const memory: number[] = [];
    const { times, refused } = await load(requests, concurrency, (number) => {
      if (number % Math.ceil(requests / 100) === 0) memory.push(hosted.memory());
    });
    return {
      requests,
      refused,
      ...kept(memory),
      median: Math.round(quantile(times)),
      p99: Math.round(quantile(times, 0.99)),
    };
  } finally {
    await hosted.stop();
  }
}
