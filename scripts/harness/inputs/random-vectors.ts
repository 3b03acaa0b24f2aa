/** Random numbers from 0 to 1, the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let bits = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** A vector of normally distributed numbers, around another one if given. */
export function randomVector(
  random: () => number,
  dimensions: number,
  { around, spread = 1 }: { around?: Float32Array | undefined; spread?: number } = {},
): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: dimensions }, (_, i) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return (around?.[i] ?? 0) + spread * normal;
  });
}

/** Cosine similarity in float64, straight from its definition. */
export function exactCosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return Math.max(-1, Math.min(1, dot / Math.sqrt(aa * bb)));
}

/** Ids of the `count` nearest vectors by exhaustive search; ties are ordered by id. */
export function nearestByForce(
  vectors: Iterable<readonly [id: string, vector: Float32Array]>,
  query: Float32Array,
  count: number,
): string[] {
  const best: { id: string; score: number }[] = [];
  for (const [id, vector] of vectors) {
    const score = exactCosine(vector, query);
    const last = best[count - 1];
    if (last && score < last.score) continue;
    best.push({ id, score });
    best.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).splice(count);
  }
  return best.map(({ id }) => id);
}
