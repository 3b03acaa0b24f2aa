import { execFileSync } from 'node:child_process';
import { type BareWorkerd, startBareWorkerd } from './bare-workerd.ts';
import { fixturePictures } from './pictures.ts';

/** Figures of {@link runSoak}. */
export interface SoakReport {
  requests: number;
  /** Requests that were refused for want of room, with `Retry-After`. */
  refused: number;
  /** MB of workerd's resident memory in the middle and at the end: the lowest of a fifth of the run each. */
  middle: number;
  end: number;
  /** Milliseconds of an answer, at the median and at the 99th percentile. */
  median: number;
  p99: number;
}

/**
 * MB that workerd may grow by from the middle of a run to its end. For its first thousand requests even a leak finds room
 * in what the decoders left behind.
 */
export const mostGrowth = 10;

const pictures = (['png', 'jpg', 'webp'] as const).flatMap((type) => fixturePictures(type));

/**
 * Classifies pictures of all kinds, again and again, on a workerd of this machine, and holds every answer against the
 * first one for its picture.
 *
 * @param entry - another Worker than that of `wrangler.toml`.
 * @throws Error for a lost or a wrong answer.
 */
export async function runSoak(requests: number, concurrency: number, entry?: string): Promise<SoakReport> {
  const hosted = await startBareWorkerd(entry);
  try {
    const expected: string[] = [];
    for (const { bytes } of pictures) expected.push(await (await classify(hosted, bytes)).text());
    const times: number[] = [];
    let [sent, refused] = [0, 0];
    const memory: number[] = [];
    const work = async () => {
      while (sent < requests) {
        const number = sent++;
        if (number % Math.ceil(requests / 100) === 0) memory.push(residentMemory(hosted));
        const index = number % pictures.length;
        const { bytes, name } = pictures[index] as (typeof pictures)[number];
        const began = performance.now();
        const answer = await classify(hosted, bytes);
        const text = await answer.text();
        times.push(performance.now() - began);
        if (answer.status === 503 && answer.headers.has('retry-after')) refused++;
        else if (text !== expected[index]) throw new Error(`${name}: ${answer.status} ${text.slice(0, 300)}`);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    times.sort((a, b) => a - b);
    const at = (share: number) => Math.round(times[Math.floor(share * (times.length - 1))] as number);
    const lowest = (from: number, to: number) =>
      Math.min(...memory.slice(from * memory.length, Math.ceil(to * memory.length)));
    return {
      requests,
      refused,
      middle: lowest(0.4, 0.6),
      end: lowest(0.8, 1),
      median: at(0.5),
      p99: at(0.99),
    };
  } finally {
    await hosted.stop();
  }
}

function classify({ url }: BareWorkerd, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(`${url}/v1/classify`, { method: 'POST', body });
}

/** MB of workerd. */
function residentMemory({ pid }: BareWorkerd): number {
  return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`], { encoding: 'utf8' })) / 1024);
}
