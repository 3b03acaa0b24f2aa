/** What every page of the comparison gives to `page.ts`. */
export interface Contender {
  /** Milliseconds from the navigation to the first answer, and that answer: scores by label. */
  first: Promise<{ time: number; scores: Record<string, number> }>;
  /** Milliseconds of one answer, of so many. */
  repeat(times: number): Promise<number>;
}

declare global {
  var contender: Contender;
}

const size = 32;

/** The picture that all classify. */
export const pixels = new ImageData(size, size);
for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = i % 4 === 3 ? 255 : (i * 7) % 256;

/** The same without alpha, rows from the top. */
export const rgb = Uint8Array.from(pixels.data.filter((_, i) => i % 4 !== 3));

/** Where the packages' and the model's files are, for the pages of others; and our deployment, for ours. */
export const query = new URLSearchParams(location.search);

/** Puts a way to answers to the test. */
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

/** Scores by label, of an array in the order of the labels. */
export function byLabel(labels: readonly string[], scores: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(labels.map((label, i) => [label, scores[i] as number]));
}
