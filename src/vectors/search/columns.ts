import type { Comparison, Filter, Metadata } from '../../contract/vectors.ts';
import { type Column, TestColumn, ValueColumn } from './column.ts';
import { PartialRead } from './partial-read.ts';

/** Bytes of all columns of values, estimated; beyond them, unused ones are dropped, the oldest first. */
const mostBytes = 8 * 1024 * 1024;

/** Places between two looks at the memory of a growing column. */
const placesPerCheck = 256;

/** A column, as far as it has been read. */
interface Reading {
  column: Column;
  rows: PartialRead<Metadata>;
}

function readingOf(column: Column, next = 0): Reading {
  return { column, rows: new PartialRead(column, next) };
}

/** Metadata by key, for the keys of filters so far; updated with the vectors. */
export class Columns {
  readonly #kept = new Map<string, Reading>();
  readonly #selections = new Set<Selection>();

  set(place: number, metadata: Metadata): void {
    for (const { rows } of this.#all()) rows.set(place, metadata);
    this.#evict();
  }

  /** Removes a place; the last one moves there. */
  remove(place: number, last: number): void {
    for (const { rows } of this.#all()) rows.remove(place, last);
  }

  /** Starts to find the places whose metadata meets a filter. Close it in the end. */
  select(filter: Filter): Selection {
    const terms = Object.entries(filter).map(([key, condition]): Term => {
      const comparison = typeof condition === 'object' ? condition : { eq: condition };
      const reading = this.#kept.get(key) ?? readingOf(new ValueColumn(key));
      this.#kept.set(key, reading);
      return { key, comparison, ...reading };
    });
    const selection = new Selection(
      terms,
      (term) => this.#fit(term),
      () => this.#close(selection),
    );
    this.#selections.add(selection);
    return selection;
  }

  #close(selection: Selection): void {
    this.#selections.delete(selection);
    this.#evict();
  }

  /** Keeps no values of a column that grows beyond what there is memory for; another takes its place. */
  #fit(term: Term): Reading | undefined {
    if (this.#evict() <= mostBytes || !(term.column instanceof ValueColumn)) return undefined;
    this.#kept.delete(term.key);
    const { next } = term.rows;
    return readingOf(new TestColumn(term.key, term.comparison, term.column, next), next);
  }

  /** Drops unused columns until the rest fits, and returns its bytes. Unused values accumulate in a column, too. */
  #evict(): number {
    const used = new Set([...this.#selections].flatMap(({ terms }) => terms.map(({ column }) => column)));
    let bytes = 0;
    for (const { column } of this.#kept.values()) bytes += column.bytes;
    for (const [key, { column }] of this.#kept) {
      if (bytes <= mostBytes) break;
      if (used.has(column)) continue;
      this.#kept.delete(key);
      bytes -= column.bytes;
    }
    return bytes;
  }

  /** Every column once. */
  #all(): Set<Reading> {
    const all = new Map([...this.#kept.values()].map((reading) => [reading.column, reading]));
    for (const { terms } of this.#selections) for (const term of terms) all.set(term.column, term);
    return new Set(all.values());
  }
}

/** A key of a filter, and the column that tells which places meet it. */
interface Term extends Reading {
  readonly key: string;
  readonly comparison: Comparison;
}

/** The places whose metadata meets a filter: read rows from {@link next} on until there are none, then ask for the mask. */
export class Selection {
  readonly terms: Term[];
  readonly #fit: (term: Term) => Reading | undefined;
  /** Lets its columns go. */
  readonly close: () => void;

  /** @param fit - another column for a term whose own has grown too large. */
  constructor(terms: Term[], fit: (term: Term) => Reading | undefined, close: () => void) {
    this.terms = terms;
    this.#fit = fit;
    this.close = close;
  }

  /** The first place whose metadata is not read. */
  get next(): number {
    return Math.min(...this.terms.map(({ rows }) => rows.next), Number.POSITIVE_INFINITY);
  }

  /** Takes the metadata of a place. */
  read(place: number, metadata: Metadata): void {
    for (const term of this.terms) {
      if (term.rows.next !== place) continue;
      term.rows.set(place, metadata);
      if (place % placesPerCheck === 0) Object.assign(term, this.#fit(term));
    }
  }

  /** By place: 1 where the metadata meets the filter. */
  mask(size: number): Uint8Array {
    const mask = new Uint8Array(size).fill(1);
    for (const { column, comparison } of this.terms) column.narrow(mask, comparison);
    return mask;
  }
}
