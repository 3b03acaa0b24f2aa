import { createRows, type Rows } from './scan.ts';

/** A unit vector times this, rounded, is int16; the dot product of two is at most 2^30, so sums stay in 32 bits. */
const unit = 32_767;

/**
 * The nearest neighbors of a query by cosine, in two steps: {@link candidates} scans int16 copies of all vectors and
 * returns every place that can be among the best, by a bound on the rounding error; {@link rank} orders those by their
 * float32 vectors in float64. The result is exactly that of comparing all vectors in float64.
 *
 * Vectors have places 0, 1, 2 ... without gaps. Ids and float32 vectors are stored elsewhere.
 */
export class NearestIndex {
  readonly dimensions: number;
  readonly #rows: Rows;
  #size = 0;
  /** Largest rounding error (L2) of any vector so far, in int16 steps. */
  #error = 0;
  #dots = new Int32Array();

  constructor(dimensions: number, rows: Rows = createRows(dimensions)) {
    this.dimensions = dimensions;
    this.#rows = rows;
  }

  /** Number of vectors. */
  get size(): number {
    return this.#size;
  }

  /** Makes room for this many vectors in all, so that no {@link set} up to there can fail. May throw RangeError. */
  reserve(size: number): void {
    this.#rows.reserve(size);
    if (size > this.#dots.length)
      this.#dots = new Int32Array(Math.max(size, Math.ceil(1.25 * this.#dots.length)));
  }

  /** Puts a vector into a place: one that is taken, or the next one. Its length is not zero. */
  set(place: number, vector: Float32Array): void {
    if (place >= this.#size) this.reserve(place + 1);
    this.#error = Math.max(this.#error, quantize(vector, this.#rows.row(place)));
    this.#size = Math.max(this.#size, place + 1);
  }

  /** Removes a place; the last one moves there. */
  remove(place: number): void {
    const last = --this.#size;
    this.#rows.row(place).set(this.#rows.row(last));
  }

  /**
   * Every place that can hold one of the `count` vectors nearest to the query: those, and the few that rounding cannot
   * tell from them.
   * @param allowed - by place: whether it may be among them. Default: all may.
   */
  candidates(query: Float32Array, count: number, allowed?: Uint8Array): number[] {
    const quantized = new Int16Array(this.#rows.stride);
    const error = quantize(query, quantized);
    const dots = this.#dots.subarray(0, this.#size);
    this.#rows.scan(quantized, dots);

    // With a = unit * x + e and b = unit * y + f, |a.b - unit^2 * x.y| <= |e| |b| + unit |f|. Half a step is for floats.
    const bound = this.#error * (unit + error) + unit * error + 0.5;
    const floor = nthLargest(dots, count, allowed) - 2 * bound;
    const places: number[] = [];
    for (let place = 0; place < dots.length; place++)
      if ((dots[place] as number) >= floor && (!allowed || allowed[place])) places.push(place);
    return places;
  }
}

/** Writes the vector scaled to unit length as int16; returns the rounding error (L2) in steps. */
function quantize(vector: Float32Array, row: Int16Array): number {
  const scale = unit / norm(vector);
  let squares = 0;
  for (let i = 0; i < vector.length; i++) {
    const exact = (vector[i] as number) * scale;
    const rounded = Math.round(exact);
    row[i] = rounded;
    squares += (rounded - exact) ** 2;
  }
  return Math.sqrt(squares);
}

/** The n-th largest of some integers, or less than all where there are fewer. */
function nthLargest(values: Int32Array, n: number, allowed?: Uint8Array): number {
  // The n largest so far, ascending; most values are below the first.
  const best = new Float64Array(n).fill(Number.NEGATIVE_INFINITY);
  let least = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value <= least || (allowed && !allowed[i])) continue;
    let at = 1;
    for (; at < n && (best[at] as number) < value; at++) best[at - 1] = best[at] as number;
    best[at - 1] = value;
    least = best[0] as number;
  }
  return least;
}

/** L2 norm, in float64; never zero for the least float32. */
export function norm(vector: ArrayLike<number>): number {
  return Math.sqrt(dotProduct(vector, vector));
}

/** Cosine of two vectors of the same length, in float64; 1 for a vector with itself. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const quotient = dotProduct(a, b) / Math.sqrt(dotProduct(a, a) * dotProduct(b, b));
  // Rounding may carry it past the ends.
  return Math.max(-1, Math.min(1, quotient));
}

function dotProduct(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** A vector to be ranked. */
export interface Candidate {
  id: string;
  vector: Float32Array;
}

/** The `count` vectors with the highest cosine to the query, best first, equal ones by id. Holds no more than those. */
export function rank<Item extends Candidate>(
  items: Iterable<Item>,
  query: Float32Array,
  count: number,
): (Item & { score: number })[] {
  const best: (Item & { score: number })[] = [];
  for (const item of items) {
    const score = cosine(item.vector, query);
    let at = best.length;
    for (; at > 0; at--) {
      const before = best[at - 1] as Item & { score: number };
      if (before.score > score || (before.score === score && before.id < item.id)) break;
    }
    if (at < count) best.splice(at, 0, { ...item, score });
    if (best.length > count) best.pop();
  }
  return best;
}
