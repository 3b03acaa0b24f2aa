import { fixturePictures } from '../inputs/pictures.ts';

const pictures = (['png', 'jpg', 'webp'] as const).flatMap((type) => fixturePictures(type));

/** The outcome of requests of {@link openLoad}. */
export interface Load {
  /** Milliseconds of each answer. */
  times: number[];
  /** Requests that a full queue refused, with `Retry-After`. */
  refused: number;
}

/**
 * Prepares a load test: classifies each picture once, to know the right answers.
 *
 * @param url - of a server.
 * @returns a function that classifies so many pictures at a concurrency, and calls `onRequest` before each. It throws Error
 * for a lost or a wrong answer.
 */
export async function openLoad(
  url: string,
): Promise<(requests: number, concurrency: number, onRequest?: (number: number) => void) => Promise<Load>> {
  const classify = (body: Uint8Array<ArrayBuffer>) => fetch(`${url}/v1/classify`, { method: 'POST', body });
  const expected: string[] = [];
  for (const { bytes } of pictures) expected.push(await (await classify(bytes)).text());
  return async (requests, concurrency, onRequest) => {
    const load: Load = { times: [], refused: 0 };
    let sent = 0;
    const work = async () => {
      while (sent < requests) {
        const number = sent++;
        onRequest?.(number);
        const index = number % pictures.length;
        const { bytes, name } = pictures[index] as (typeof pictures)[number];
        const began = performance.now();
        const answer = await classify(bytes);
        const text = await answer.text();
        load.times.push(performance.now() - began);
        if (answer.status === 503 && answer.headers.has('retry-after')) load.refused++;
        else if (text !== expected[index]) throw new Error(`${name}: ${answer.status} ${text.slice(0, 300)}`);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    return load;
  };
}

/** MB in use in the middle and at the end of a run: the lowest value within a fifth of it. */
export function kept(memory: readonly number[]): { middle: number; end: number } {
  const lowest = (from: number, to: number) =>
    Math.min(...memory.slice(from * memory.length, Math.ceil(to * memory.length)));
  return { middle: lowest(0.4, 0.6), end: lowest(0.8, 1) };
}
