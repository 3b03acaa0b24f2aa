import type { Filter, Match, Metadata } from '../contract/vectors.ts';
import { type IndexFile, readIndex } from './index-file.ts';
import { Columns } from './search/columns.ts';
import { NearestIndex, rank } from './search/nearest.ts';
import { type NewVector, type StoreQuery, vectorNotFound } from './store.ts';
import { checkModel, type VectorModel } from './vector-model.ts';

/** An index file in memory, ready to search: the same answers as the namespace that it was exported from. */
export class LoadedIndex {
  readonly model: VectorModel;
  readonly #file: IndexFile;
  readonly #index: NearestIndex;
  readonly #columns: Columns;
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
    this.#columns = new Columns(function* (key) {
      for (const [place, [, metadata]] of file.entries.entries())
        if (Object.hasOwn(metadata, key)) yield [place, metadata[key] as Metadata[string]];
    });
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
  search(query: StoreQuery, { topK, filter }: { topK: number; filter?: Filter | undefined }): Match[] {
    let vector: Float32Array;
    let own: number | undefined;
    if ('id' in query) {
      own = this.#places.get(query.id);
      if (own === undefined) throw vectorNotFound();
      vector = this.#file.vector(own);
    } else {
      vector = query.vector;
      checkModel(this.model, { ...query.model, dimensions: vector.length });
    }
    const allowed = filter && this.#columns.select(filter, this.size);
    const places = this.#index.candidates(vector, topK + 1, allowed).filter((place) => place !== own);
    const items = places.map((place) => {
      const [id, metadata] = this.#entry(place);
      return { id, metadata, vector: this.#file.vector(place) };
    });
    return rank(items, vector, topK).map(({ id, score, metadata }) => ({ id, score, metadata }));
  }
}
