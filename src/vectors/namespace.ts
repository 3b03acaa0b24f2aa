import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import type { ModelRef } from '../contract/model.ts';
import type { Filter, Match, Metadata, MetadataValue } from '../contract/vectors.ts';
import { encodeHeader } from './index-file.ts';
import { Columns } from './search/columns.ts';
import { NearestIndex, rank } from './search/nearest.ts';
import { lanes } from './search/scan-module.ts';
import type { SqlRow, SqlStorage } from './sql.ts';
import {
  type NewVector,
  type StoreQuery,
  type StoreSearchOptions,
  type VectorPage,
  vectorNotFound,
} from './store.ts';
import { checkModel, type VectorModel } from './vector-model.ts';

type About = { name: string; version: string; dimensions: number; etag: string };

/** The part of a namespace that is in memory. */
interface Memory {
  index: NearestIndex;
  columns: Columns;
}

/** Rows that an export reads at a time. */
const exportRows = 1_000;

/**
 * The vectors of one namespace: in SQLite, and from the first search on in an index in memory, which every write
 * updates. Calls are synchronous, so they never interleave.
 *
 * Vectors have places 0, 1, 2 ... without gaps: the keys of their rows, and their positions in the index.
 */
export class Namespace {
  readonly #storage: SqlStorage;
  readonly #empty: () => Promise<void>;
  #memory: Memory | undefined;

  /** @param empty - deletes everything in the storage, its tables too. */
  constructor(storage: SqlStorage, empty: () => Promise<void>) {
    this.#storage = storage;
    this.#empty = empty;
  }

  /** The model of the namespace, and a tag that changes with every write; undefined while it is empty. */
  about(): About | undefined {
    // Reading a namespace that was never written to creates no tables.
    if (!this.#first("SELECT 1 FROM sqlite_master WHERE name = 'about'")) return undefined;
    return this.#first<About>('SELECT name, version, dimensions, etag FROM about');
  }

  /** See `VectorStore.upsert`. */
  upsert(model: ModelRef, vectors: readonly NewVector[], quota?: number): void {
    const places = this.#storage.transactionSync(() => this.#write(model, vectors, quota));
    this.#updateMemory(({ index, columns }) => {
      for (const [i, { vector, metadata }] of vectors.entries()) {
        index.set(places[i] as number, vector);
        columns.set(places[i] as number, metadata);
      }
    });
  }

  /** See `VectorStore.get`. */
  get(id: string): NewVector & { model: VectorModel } {
    const about = this.about();
    const query = 'SELECT vector, metadata FROM vectors WHERE id = ?';
    const row = about && this.#first<{ vector: ArrayBuffer; metadata: string }>(query, id);
    if (!row) throw vectorNotFound();
    const { etag, ...model } = about;
    return { id, vector: new Float32Array(row.vector), metadata: JSON.parse(row.metadata), model };
  }

  /** See `VectorStore.delete`. */
  async delete(id: string): Promise<void> {
    const row = this.about() && this.#first<{ place: number }>('SELECT place FROM vectors WHERE id = ?', id);
    if (!row) return;
    const { place } = row;
    const last = this.#count() - 1;
    if (last === 0) return this.clear();
    this.#storage.transactionSync(() => {
      this.#all('DELETE FROM vectors WHERE place = ?', place);
      this.#all('UPDATE vectors SET place = ? WHERE place = ?', place, last);
      this.#all('UPDATE about SET etag = ?', crypto.randomUUID());
    });
    this.#updateMemory(({ index, columns }) => {
      index.remove(place);
      columns.remove(place, last);
    });
  }

  /** See `VectorStore.clear`. */
  clear(): Promise<void> {
    this.#memory = undefined;
    return this.#empty();
  }

  /** See `VectorStore.list`. */
  list(limit: number, after = ''): VectorPage {
    const about = this.about();
    if (!about) return { model: undefined, count: 0, vectors: [], hasMore: false };
    const rows = this.#all<{ id: string; metadata: string }>(
      'SELECT id, metadata FROM vectors WHERE id > ? ORDER BY id LIMIT ?',
      after,
      limit + 1,
    );
    const { etag, dimensions, ...model } = about;
    const vectors = rows.slice(0, limit).map(({ id, metadata }) => ({ id, metadata: JSON.parse(metadata) }));
    return { model, count: this.#count(), vectors, hasMore: rows.length > limit };
  }

  /** See `VectorStore.search`. */
  search(query: StoreQuery, { topK, filter }: StoreSearchOptions): { model: ModelRef; matches: Match[] } {
    const { vector, model } = 'id' in query ? this.get(query.id) : query;
    const about = this.about();
    if (about) checkModel(about, { ...model, dimensions: vector.length });
    const own = 'id' in query ? query.id : '';
    const matches = about ? this.#nearest(about, vector, topK, filter, own) : [];
    return { model: { name: model.name, version: model.version }, matches };
  }

  /**
   * The namespace as an index file, piece by piece.
   * @throws Error where it has been written to since `about` was read.
   */
  *export({ etag, dimensions, name, version }: About): Generator<Uint8Array> {
    const count = this.#count();
    yield encodeHeader({ model: { name, version }, dimensions, count, rows: 'float32' });
    for (const rows of this.#pages<{ vector: ArrayBuffer }>('vector', count, etag)) {
      const bytes = new Uint8Array(rows.length * dimensions * 4);
      for (const [i, { vector }] of rows.entries()) bytes.set(new Uint8Array(vector), i * dimensions * 4);
      yield bytes;
    }
    let separator = '[';
    for (const rows of this.#pages<{ id: string; metadata: string }>('id, metadata', count, etag)) {
      const entries = rows.map(({ id, metadata }) => `[${JSON.stringify(id)},${metadata}]`);
      yield new TextEncoder().encode(separator + entries.join(','));
      separator = ',';
    }
    yield new TextEncoder().encode(']');
  }

  *#pages<Row extends SqlRow>(columns: string, count: number, etag: string): Generator<Row[]> {
    for (let from = 0; from < count; from += exportRows) {
      if (this.about()?.etag !== etag) throw new Error('The namespace has been written to');
      yield this.#all<Row>(
        `SELECT ${columns} FROM vectors WHERE place >= ? ORDER BY place LIMIT ?`,
        from,
        exportRows,
      );
    }
  }

  /** Writes vectors within a transaction; returns their places. */
  #write(ref: ModelRef, vectors: readonly NewVector[], quota = Number.POSITIVE_INFINITY): number[] {
    const model = { ...ref, dimensions: vectors[0]?.vector.length ?? 0 };
    const about = this.about();
    if (!about) {
      this.#all('CREATE TABLE about (name TEXT, version TEXT, dimensions INTEGER, etag TEXT)');
      this.#all(
        'CREATE TABLE vectors (place INTEGER PRIMARY KEY, id TEXT UNIQUE, vector BLOB, metadata TEXT) STRICT',
      );
      const { name, version, dimensions } = model;
      this.#all('INSERT INTO about (name, version, dimensions) VALUES (?, ?, ?)', name, version, dimensions);
    }
    const before = this.#count();
    let count = before;
    const capacity = capacityOf(model.dimensions);
    const places = vectors.map(({ id, vector, metadata }) => {
      checkModel(about ?? model, { ...ref, dimensions: vector.length });
      const [row] = this.#all<{ place: number }>(
        `INSERT INTO vectors (place, id, vector, metadata) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET vector = excluded.vector, metadata = excluded.metadata RETURNING place`,
        count,
        id,
        bytesOf(vector),
        JSON.stringify(metadata),
      );
      const { place } = row as { place: number };
      if (place === count) count++;
      return place;
    });
    if (count > capacity)
      throw new UnlabelError(
        'quota_exceeded',
        `A namespace holds at most ${capacity} vectors of ${model.dimensions} dimensions`,
        { field: 'vectors' },
      );
    // Other keys may have filled it beyond the quota: replacements still work.
    if (count > before && count > quota)
      throw new UnlabelError(
        'quota_exceeded',
        `With this API key a namespace can be filled up to ${quota} vectors`,
        { field: 'vectors' },
      );
    this.#all('UPDATE about SET etag = ?', crypto.randomUUID());
    // Last within the transaction: where memory runs out, nothing is written.
    this.#memory?.index.reserve(count);
    return places;
  }

  /** Repeats in memory a change of the storage. */
  #updateMemory(change: (memory: Memory) => void): void {
    if (!this.#memory) return;
    try {
      change(this.#memory);
    } catch {
      // The next search loads it again.
      this.#memory = undefined;
    }
  }

  #load(dimensions: number): Memory {
    if (this.#memory) return this.#memory;
    const index = new NearestIndex(dimensions);
    index.reserve(this.#count());
    const query = 'SELECT place, vector FROM vectors ORDER BY place';
    for (const { place, vector } of this.#rows<{ place: number; vector: ArrayBuffer }>(query))
      index.set(place, new Float32Array(vector));
    const columns = new Columns((key) => this.#valuesOf(key));
    this.#memory = { index, columns };
    return this.#memory;
  }

  #nearest(
    { dimensions }: VectorModel,
    query: Float32Array,
    topK: number,
    filter?: Filter,
    own = '',
  ): Match[] {
    const { index, columns } = this.#load(dimensions);
    const allowed = filter && columns.select(filter, index.size);
    // One more than asked for: the vector itself may be among them.
    const places = JSON.stringify(index.candidates(query, topK + 1, allowed));
    // One by one: all copies of a vector are candidates, however many there are.
    const candidates = this.#rows<{ id: string; vector: ArrayBuffer }>(
      'SELECT id, vector FROM vectors WHERE place IN (SELECT value FROM json_each(?)) AND id <> ?',
      places,
      own,
    );
    const best = rank(withFloats(candidates), query, topK);
    const metadata = new Map(
      this.#all<{ id: string; metadata: string }>(
        'SELECT id, metadata FROM vectors WHERE id IN (SELECT value FROM json_each(?))',
        JSON.stringify(best.map(({ id }) => id)),
      ).map((row) => [row.id, JSON.parse(row.metadata) as Metadata]),
    );
    return best.map(({ id, score }) => ({ id, score, metadata: metadata.get(id) ?? {} }));
  }

  *#valuesOf(key: string): Generator<readonly [place: number, value: MetadataValue]> {
    const rows = this.#rows<{ place: number; value: string }>(
      'SELECT place, metadata -> ? AS value FROM vectors WHERE value IS NOT NULL',
      `$."${key}"`,
    );
    for (const { place, value } of rows) yield [place, JSON.parse(value)];
  }

  #count(): number {
    const [row] = this.#all<{ last: number | null }>('SELECT MAX(place) AS last FROM vectors');
    return (row?.last ?? -1) + 1;
  }

  #first<Row extends SqlRow>(query: string, ...bindings: unknown[]): Row | undefined {
    return this.#all<Row>(query, ...bindings)[0];
  }

  #all<Row extends SqlRow>(query: string, ...bindings: unknown[]): Row[] {
    return Array.from(this.#rows<Row>(query, ...bindings));
  }

  #rows<Row extends SqlRow>(query: string, ...bindings: unknown[]): Iterable<Row> {
    return this.#storage.sql.exec<Row>(query, ...bindings);
  }
}

/** Vectors of a length that fit into a namespace. */
function capacityOf(dimensions: number): number {
  return Math.floor(limits.namespaceNumbers / (Math.ceil(dimensions / lanes) * lanes));
}

function* withFloats(rows: Iterable<{ id: string; vector: ArrayBuffer }>) {
  for (const { id, vector } of rows) yield { id, vector: new Float32Array(vector) };
}

function bytesOf(vector: Float32Array): ArrayBuffer {
  return new Uint8Array(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)).buffer;
}
