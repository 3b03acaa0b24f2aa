import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { Filter, Match, Metadata } from '../../contract/vectors.ts';
import { delay } from '../../util/delay.ts';
import { Columns, type Selection } from '../search/columns.ts';
import { pick, poolOf } from '../search/diversity.ts';
import { type Candidate, NearestIndex, rank } from '../search/nearest.ts';
import { PartialRead } from '../search/partial-read.ts';
import type { Sql } from '../sql.ts';
import type { StoreSearchOptions } from '../store.ts';

/** Rows that are read at a time, for some 10 ms. */
const rowsOfPage = { vectors: 4_000, metadata: 1_000, candidates: 1_000 };

/** Options of a search, and the ids that it leaves out. */
interface SearchOptions extends StoreSearchOptions {
  own: readonly string[];
}

/**
 * What searches of a namespace have in memory, read from its table page by page: other events come in between, also
 * writes, which this is told of. A search that a write has come into begins again.
 */
export class NamespaceIndex {
  readonly #sql: Sql;
  readonly #nearest: NearestIndex;
  /** The nearest index, as far as it has been read. */
  readonly #vectors: PartialRead<Float32Array>;
  readonly #columns = new Columns();
  /** Counts the writes. */
  #version = 0;
  #hasEnded = false;

  constructor(sql: Sql, dimensions: number) {
    this.#sql = sql;
    this.#nearest = new NearestIndex(dimensions);
    this.#vectors = new PartialRead(this.#nearest);
  }

  /** Makes room for this many vectors in all. May throw RangeError. */
  reserve(count: number): void {
    this.#nearest.reserve(count);
  }

  /** Repeats a write. */
  set(place: number, vector: Float32Array, metadata: Metadata): void {
    this.#version++;
    this.#vectors.set(place, vector);
    this.#columns.set(place, metadata);
  }

  /** Repeats the removal of a place, to which the last one has moved. */
  remove(place: number, last: number): void {
    this.#version++;
    this.#vectors.remove(place, last);
    this.#columns.remove(place, last);
  }

  /** The table was emptied: ends all searches. */
  end(): void {
    this.#version++;
    this.#hasEnded = true;
  }

  /**
   * The nearest vectors of each of several, with one pass over the metadata for all.
   * @param deadline - in milliseconds of `Date.now()`.
   * @returns undefined where the table was emptied meanwhile.
   * @throws UnlabelError `store_unavailable` past the deadline. What has been read stays in memory.
   */
  async search(
    vectors: readonly Float32Array[],
    options: SearchOptions,
    deadline: number,
  ): Promise<Match[][] | undefined> {
    const selection = options.filter && this.#columns.select(options.filter);
    try {
      const isRead = (await this.#readVectors(deadline)) && (await this.#readMetadata(selection, deadline));
      if (!isRead) return undefined;
      const allowed = this.#maskOf(selection);
      const found: Match[][] = [];
      for (const vector of vectors) {
        if (found.length > 0) await pause(deadline);
        const matches = await this.#matches(vector, options, allowed, deadline);
        if (!matches) return undefined;
        found.push(matches);
      }
      return found;
    } finally {
      selection?.close();
    }
  }

  /**
   * Calls back with the places whose metadata meets a filter, before any write can come in between.
   * @param deadline - in milliseconds of `Date.now()`.
   * @returns undefined where the table was emptied meanwhile.
   * @throws UnlabelError `store_unavailable` past the deadline.
   */
  async select<Result>(
    filter: Filter,
    deadline: number,
    use: (places: number[]) => Result | Promise<Result>,
  ): Promise<{ value: Result } | undefined> {
    const selection = this.#columns.select(filter);
    try {
      if (!(await this.#readMetadata(selection, deadline))) return undefined;
      const places: number[] = [];
      for (const [place, isMet] of selection.mask(countOf(this.#sql)).entries())
        if (isMet) places.push(place);
      return { value: await use(places) };
    } finally {
      selection.close();
    }
  }

  /** @returns false where the table was emptied meanwhile. */
  async #readVectors(deadline: number): Promise<boolean> {
    const query = 'SELECT place, vector FROM vectors WHERE place >= ? ORDER BY place LIMIT ?';
    while (!this.#hasEnded && this.#vectors.next < countOf(this.#sql)) {
      const { next } = this.#vectors;
      const page = this.#sql.rows<{ place: number; vector: ArrayBuffer }>(query, next, rowsOfPage.vectors);
      for (const { place, vector } of page) this.#vectors.set(place, new Float32Array(vector));
      if (this.#vectors.next < countOf(this.#sql)) await pause(deadline);
    }
    return !this.#hasEnded;
  }

  /**
   * Reads until a selection knows all places.
   * @returns false where the table was emptied meanwhile.
   */
  async #readMetadata(selection: Selection | undefined, deadline: number): Promise<boolean> {
    const query = 'SELECT place, metadata FROM vectors WHERE place >= ? ORDER BY place LIMIT ?';
    while (selection && !this.#hasEnded && selection.next < countOf(this.#sql)) {
      const { next } = selection;
      const page = this.#sql.rows<{ place: number; metadata: string }>(query, next, rowsOfPage.metadata);
      for (const { place, metadata } of page) selection.read(place, JSON.parse(metadata));
      if (selection.next < countOf(this.#sql)) await pause(deadline);
    }
    return !this.#hasEnded;
  }

  /** @returns undefined where the table was emptied meanwhile. */
  async #matches(
    vector: Float32Array,
    options: SearchOptions,
    allowed: () => Uint8Array | undefined,
    deadline: number,
  ): Promise<Match[] | undefined> {
    while (!this.#hasEnded) {
      const version = this.#version;
      // More than asked for: those that are left out may be among them.
      const pool = poolOf(options);
      const places = this.#nearest.candidates(vector, pool + options.own.length, allowed());
      let best: Candidate[] = [];
      // Page by page: all copies of a vector are candidates, however many there are.
      for (let from = 0; from < places.length && this.#version === version; from += rowsOfPage.candidates) {
        if (from > 0) await pause(deadline);
        if (this.#version !== version) break;
        const page = this.#sql.rows<{ id: string; vector: ArrayBuffer }>(
          'SELECT id, vector FROM vectors WHERE place IN (SELECT value FROM json_each(?)) AND id NOT IN (SELECT value FROM json_each(?))',
          JSON.stringify(places.slice(from, from + rowsOfPage.candidates)),
          JSON.stringify(options.own),
        );
        best = rank(chain(best, withFloats(page)), vector, pool);
      }
      if (this.#version === version) return this.#withMetadata(pick(best, vector, options));
    }
    return undefined;
  }

  #withMetadata(best: readonly { id: string; score: number }[]): Match[] {
    const rows = this.#sql.rows<{ id: string; metadata: string }>(
      'SELECT id, metadata FROM vectors WHERE id IN (SELECT value FROM json_each(?))',
      JSON.stringify(best.map(({ id }) => id)),
    );
    const metadata = new Map(
      Array.from(rows, (row) => [row.id, JSON.parse(row.metadata) as Metadata] as const),
    );
    return best.map(({ id, score }) => ({ id, score, metadata: metadata.get(id) ?? {} }));
  }

  /** The mask of a selection, made again after a write. */
  #maskOf(selection: Selection | undefined): () => Uint8Array | undefined {
    let mask: Uint8Array | undefined;
    let version = -1;
    return () => {
      if (selection && version !== this.#version) mask = selection.mask(this.#nearest.size);
      version = this.#version;
      return mask;
    };
  }
}

/** Number of vectors: places have no gaps. */
export function countOf(sql: Sql): number {
  return (sql.first<{ last: number | null }>('SELECT MAX(place) AS last FROM vectors')?.last ?? -1) + 1;
}

/**
 * Lets other events in, and the clock go on.
 * @throws UnlabelError `store_unavailable` past the deadline.
 */
async function pause(deadline: number): Promise<void> {
  await delay(0);
  if (Date.now() > deadline)
    throw new UnlabelError(
      'store_unavailable',
      `The search took longer than ${limits.storeMs} ms: try again`,
    );
}

function* chain<Item>(...lists: Iterable<Item>[]): Generator<Item> {
  for (const list of lists) yield* list;
}

function* withFloats(rows: Iterable<{ id: string; vector: ArrayBuffer }>) {
  for (const { id, vector } of rows) yield { id, vector: new Float32Array(vector) };
}
