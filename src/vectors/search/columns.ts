import { combines } from '../../contract/filter.ts';
import type { Comparison, Filter, Metadata, MetadataValue } from '../../contract/vectors.ts';
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
    const selection = new Selection(
      this.#conjunction(filter),
      (term) => this.#fit(term),
      () => this.#close(selection),
    );
    this.#selections.add(selection);
    return selection;
  }

  #conjunction(filter: Filter, all: Conjunction = { terms: [], anyOf: [] }): Conjunction {
    for (const [key, condition] of Object.entries(filter)) {
      if (!combines(key, condition)) all.terms.push(this.#term(key, condition as MetadataValue | Comparison));
      else if (key === 'or') all.anyOf.push(condition.map((inner) => this.#conjunction(inner)));
      else for (const inner of condition) this.#conjunction(inner, all);
    }
    return all;
  }

  #term(key: string, condition: MetadataValue | Comparison): Term {
    const reading = this.#kept.get(key) ?? readingOf(new ValueColumn(key));
    this.#kept.set(key, reading);
    return { key, comparison: typeof condition === 'object' ? condition : { eq: condition }, ...reading };
  }

  #close(selection: Selection): void {
    this.#selections.delete(selection);
    this.#evict();
  }

  /** Keeps no values of a column that grows beyond what there is memory for; what each term needs of it takes its place. */
  #fit({ key, column, rows: { next } }: Term): void {
    if (this.#evict() <= mostBytes || !(column instanceof ValueColumn)) return;
    this.#kept.delete(key);
    for (const { terms } of this.#selections)
      for (const term of terms)
        if (term.column === column)
          Object.assign(term, readingOf(new TestColumn(key, term.comparison, column, next), next));
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

/** What a filter asks: all terms, and of each of several lists any. */
interface Conjunction {
  readonly terms: Term[];
  readonly anyOf: Conjunction[][];
}

/** The places whose metadata meets a filter: read rows from {@link next} on until there are none, then ask for the mask. */
export class Selection {
  /** All terms, with those within. */
  readonly terms: readonly Term[];
  readonly #filter: Conjunction;
  readonly #fit: (term: Term) => void;
  /** Lets its columns go. */
  readonly close: () => void;

  /** @param fit - finds other columns for terms whose own has grown too large. */
  constructor(filter: Conjunction, fit: (term: Term) => void, close: () => void) {
    this.#filter = filter;
    this.terms = termsOf(filter);
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
      if (place % placesPerCheck === 0) this.#fit(term);
    }
  }

  /** By place: 1 where the metadata meets the filter. */
  mask(size: number): Uint8Array {
    return maskOf(this.#filter, size);
  }
}

function termsOf({ terms, anyOf }: Conjunction): Term[] {
  return [...terms, ...anyOf.flat().flatMap(termsOf)];
}

function maskOf({ terms, anyOf }: Conjunction, size: number): Uint8Array {
  const mask = new Uint8Array(size).fill(1);
  for (const { column, comparison } of terms) column.narrow(mask, comparison);
  for (const some of anyOf) {
    const masks = some.map((inner) => maskOf(inner, size));
    for (let place = 0; place < size; place++) if (!masks.some((met) => met[place])) mask[place] = 0;
  }
  return mask;
}
