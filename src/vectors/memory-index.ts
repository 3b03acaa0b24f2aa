import type { ModelRef } from '../contract/model.ts';
import type { Filter, Match, Metadata } from '../contract/vectors.ts';
import { encodeIndex } from './index-file.ts';
import { Columns } from './search/columns.ts';
import { pick, poolOf } from './search/diversity.ts';
import { NearestIndex } from './search/nearest.ts';
import { idsOf, resolveQuery, type StoreQuery } from './search/query.ts';
import { type NewVector, type StoreSearchOptions, vectorNotFound } from './store.ts';
import { checkModel, type VectorModel } from './vector-model.ts';

/** A namespace in memory, which can be searched and written to: the same answers as the service's. */
export class MemoryIndex {
  readonly model: VectorModel;
  readonly #index: NearestIndex;
  readonly #columns = new Columns();
  /** By place. */
  readonly #items: NewVector[] = [];
  readonly #places = new Map<string, number>();
  /** All ids in the order of a list; undefined after a write. */
  #ids: string[] | undefined;

  constructor(model: VectorModel, items: readonly NewVector[] = []) {
    this.model = model;
    this.#index = new NearestIndex(model.dimensions);
    this.#index.reserve(items.length);
    for (const item of items) this.set(item);
  }

  /** Number of vectors. */
  get size(): number {
    return this.#items.length;
  }

  /** All vectors, by place; not to be written to. */
  get items(): readonly NewVector[] {
    return this.#items;
  }

  /** Adds a vector, or replaces that of the same id. */
  set(item: NewVector): void {
    const place = this.#places.get(item.id) ?? this.size;
    this.#index.set(place, item.vector);
    this.#columns.set(place, item.metadata);
    this.#items[place] = item;
    this.#places.set(item.id, place);
    this.#ids = undefined;
  }

  /** Removes a vector, if there is one of that id; the last one moves to its place. */
  remove(id: string): void {
    const place = this.#places.get(id);
    const last = this.#items.pop();
    if (place === undefined || !last) {
      if (last) this.#items.push(last);
      return;
    }
    this.#index.remove(place);
    this.#columns.remove(place, this.size);
    if (last.id !== id) {
      this.#items[place] = last;
      this.#places.set(last.id, place);
    }
    this.#places.delete(id);
    this.#ids = undefined;
  }

  /** @throws UnlabelError `vector_not_found`. */
  get(id: string): NewVector {
    return this.#item(this.#placeOf(id));
  }

  /** Ids and metadata in the order of the ids' UTF-8 bytes. */
  list(limit: number, after?: string, filter?: Filter): { id: string; metadata: Metadata }[] {
    const ids = this.ids(filter);
    const start = after === undefined ? 0 : ids.findIndex((id) => compareText(id, after) > 0);
    if (start < 0) return [];
    return ids.slice(start, start + limit).map((id) => ({ id, metadata: this.get(id).metadata }));
  }

  /** All ids, or those whose metadata meets a filter, in the order of a list; not to be written to. */
  ids(filter?: Filter): readonly string[] {
    this.#ids ??= [...this.#places.keys()].sort(compareText);
    const allowed = this.#allowed(filter);
    return allowed ? this.#ids.filter((id) => allowed[this.#placeOf(id)]) : this.#ids;
  }

  /**
   * The nearest vectors by cosine, best first. Those that the query names by id are left out.
   * @throws UnlabelError `model_mismatch`, `vector_not_found`.
   */
  search(query: StoreQuery, options: StoreSearchOptions): Match[] {
    const { model, vector } = resolveQuery(query, (id) => ({
      vector: this.get(id).vector,
      model: this.model,
    }));
    this.#check(model, [vector]);
    const own = new Set(idsOf(query).map((id) => this.#placeOf(id)));
    return this.#nearest(vector, options, this.#allowed(options.filter), own);
  }

  /**
   * The nearest vectors of each of several.
   * @throws UnlabelError `model_mismatch`.
   */
  searchAll(model: ModelRef, vectors: readonly Float32Array[], options: StoreSearchOptions): Match[][] {
    return [...this.searches(model, vectors, options)];
  }

  /** {@link searchAll} one by one; nothing may be written in between. */
  *searches(
    model: ModelRef,
    vectors: readonly Float32Array[],
    options: StoreSearchOptions,
  ): Generator<Match[]> {
    this.#check(model, vectors);
    const allowed = this.#allowed(options.filter);
    for (const vector of vectors) yield this.#nearest(vector, options, allowed);
  }

  /** The namespace as an index file. */
  export(): Uint8Array<ArrayBuffer> {
    const { dimensions, name, version } = this.model;
    return encodeIndex({ model: { name, version }, dimensions, rows: 'float32' }, this.#items);
  }

  #check({ name, version }: ModelRef, vectors: readonly Float32Array[]): void {
    for (const { length: dimensions } of vectors) checkModel(this.model, { name, version, dimensions });
  }

  #placeOf(id: string): number {
    const place = this.#places.get(id);
    if (place === undefined) throw vectorNotFound();
    return place;
  }

  #item(place: number): NewVector {
    return this.#items[place] as NewVector;
  }

  /** By place: 1 where the metadata meets the filter. Undefined without a filter. */
  #allowed(filter: Filter | undefined): Uint8Array | undefined {
    if (!filter) return undefined;
    const selection = this.#columns.select(filter);
    for (let { next } = selection; next < this.size; { next } = selection)
      selection.read(next, this.#item(next).metadata);
    selection.close();
    return selection.mask(this.size);
  }

  #nearest(
    vector: Float32Array,
    options: StoreSearchOptions,
    allowed?: Uint8Array,
    own: ReadonlySet<number> = new Set(),
  ): Match[] {
    const places = this.#index
      .candidates(vector, poolOf(options) + own.size, allowed)
      .filter((place) => !own.has(place));
    const items = places.map((place) => this.#item(place));
    return pick(items, vector, options).map(({ id, score, metadata }) => ({ id, score, metadata }));
  }
}

/** The order of UTF-8 bytes, which is that of code points; JavaScript's own is that of UTF-16. */
function compareText(a: string, b: string): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = rankOf(a.charCodeAt(i)) - rankOf(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Puts surrogates, which stand for code points above U+FFFF, behind all other code units. */
function rankOf(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
