/** What every page of the comparison exposes to `page.ts`. */
export interface Contender {
  /** The first answer: milliseconds since the navigation started, and scores by label. */
  first: Promise<{ time: number; scores: Record<string, number> }>;
  /** Mean milliseconds of an answer over repetitions. */
  repeat(times: number): Promise<number>;
}

declare global {
  var contender: Contender;
}

const size = 32;

/** The picture that every page classifies. */
export const pixels = new ImageData(size, size);
for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = i % 4 === 3 ? 255 : (i * 7) % 256;

/** Its pixels without alpha, rows from the top. */
export const rgb = Uint8Array.from(pixels.data.filter((_, i) => i % 4 !== 3));

/** The options of a page, in its address. */
export const query = new URLSearchParams(location.search);

/** Runs a contender: times the first answer, and offers repetitions. */
export function contend(start: () => Promise<() => Promise<Record<string, number>>>): void {
  const classify = start();
  globalThis.contender = {
    first: classify.then(async (answer) => {
      const scores = await answer();
      return { time: performance.now(), scores };
    }),
    async repeat(times) {
      const answer = await classify;
      const began = performance.now();
      for (let i = 0; i < times; i++) await answer();
      return (performance.now() - began) / times;
    },
  };
}

/** Scores by label, from an array in the order of the labels. */
export function byLabel(labels: readonly string[], scores: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(labels.map((label, i) => [label, scores[i] as number]));
}
