import type { ModelRef } from '../contract/model.ts';
import type { Filter, Match, Metadata } from '../contract/vectors.ts';
import { type IndexFile, readIndex } from './index-file.ts';
import { Columns } from './search/columns.ts';
import { NearestIndex, rank } from './search/nearest.ts';
import { type NewVector, type StoreQuery, type StoreSearchOptions, vectorNotFound } from './store.ts';
import { checkModel, type VectorModel } from './vector-model.ts';

/** An index file in memory, ready to search: the same answers as the namespace that it was exported from. */
export class LoadedIndex {
  readonly model: VectorModel;
  readonly #file: IndexFile;
  readonly #index: NearestIndex;
  readonly #columns = new Columns();
  readonly #places: Map<string, number>;

  /** @throws UnlabelError `invalid_request` if the file is not an index. */
  constructor(bytes: Uint8Array) {
    const file = readIndex(bytes);
    this.#file = file;
    this.model = { ...file.model, dimensions: file.dimensions };
    this.#places = new Map(file.entries.map(([id], place) => [id, place]));
    this.#index = new NearestIndex(file.dimensions);
    this.#index.reserve(file.count);
    for (let place = 0; place < file.count; place++) this.#index.set(place, file.vector(place));
  }

  /** Number of vectors. */
  get size(): number {
    return this.#index.size;
  }

  /** @throws UnlabelError `vector_not_found`. */
  get(id: string): NewVector {
    const place = this.#places.get(id);
    if (place === undefined) throw vectorNotFound();
    return { id, metadata: this.#entry(place)[1], vector: this.#file.vector(place) };
  }

  /** Ids and metadata in the order of the file, which is that of the ids. */
  list(limit: number, after?: string): { id: string; metadata: Metadata }[] {
    const { entries } = this.#file;
    const start = after === undefined ? 0 : (this.#places.get(after) ?? entries.length - 1) + 1;
    return entries.slice(start, start + limit).map(([id, metadata]) => ({ id, metadata }));
  }

  #entry(place: number): IndexFile['entries'][number] {
    return this.#file.entries[place] as IndexFile['entries'][number];
  }

  /**
   * The nearest vectors by cosine, best first. A search by id leaves that vector out.
   * @throws UnlabelError `model_mismatch`, `vector_not_found`.
   */
  search(query: StoreQuery, options: StoreSearchOptions): Match[] {
    if (!('id' in query)) return this.searchAll(query.model, [query.vector], options)[0] ?? [];
    const own = this.#places.get(query.id);
    if (own === undefined) throw vectorNotFound();
    return this.#nearest(this.#file.vector(own), options.topK, this.#allowed(options.filter), own);
  }

  /**
   * The nearest vectors of each of several.
   * @throws UnlabelError `model_mismatch`.
   */
  searchAll(
    model: ModelRef,
    vectors: readonly Float32Array[],
    { topK, filter }: StoreSearchOptions,
  ): Match[][] {
    for (const { length } of vectors) checkModel(this.model, { ...model, dimensions: length });
    const allowed = this.#allowed(filter);
    return vectors.map((vector) => this.#nearest(vector, topK, allowed));
  }

  /** By place: 1 where the metadata meets the filter. Undefined without a filter. */
  #allowed(filter: Filter | undefined): Uint8Array | undefined {
    if (!filter) return undefined;
    const selection = this.#columns.select(filter);
    for (let { next } = selection; next < this.size; { next } = selection)
      selection.read(next, this.#entry(next)[1]);
    selection.close();
    return selection.mask(this.size);
  }

  #nearest(vector: Float32Array, topK: number, allowed?: Uint8Array, own?: number): Match[] {
    const places = this.#index.candidates(vector, topK + 1, allowed).filter((place) => place !== own);
    const items = places.map((place) => {
      const [id, metadata] = this.#entry(place);
      return { id, metadata, vector: this.#file.vector(place) };
    });
    return rank(items, vector, topK).map(({ id, score, metadata }) => ({ id, score, metadata }));
  }
}
