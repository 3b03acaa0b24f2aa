import { limits } from '../../contract/limits.ts';
import type { ModelRef } from '../../contract/model.ts';
import type { MetadataPatch } from '../../contract/resources/vectors.ts';
import { aliasHasVectors } from '../../contract/rules/aliases.ts';
import { patchMetadata } from '../../contract/rules/names.ts';
import type { Filter, Match, Metadata } from '../../contract/vectors.ts';
import { idsOf, resolveQuery, type StoreQuery } from '../search/query.ts';
import { checkRoom } from '../search/room.ts';
import { Sql, type SqlRow, type SqlStorage } from '../sql.ts';
import { type NewVector, type StoreSearchOptions, type VectorPage, vectorNotFound } from '../store.ts';
import { checkModel, type VectorModel } from '../vector-model.ts';
import { AliasTarget } from './alias-target.ts';
import { exportRows } from './export.ts';
import { countOf, NamespaceIndex } from './namespace-index.ts';

type About = { name: string; version: string; dimensions: number; etag: string };

/**
 * The vectors of one namespace: in SQLite, and from the first search on in an index in memory, which every write
 * updates. All calls are synchronous but for searches, which let other events in between their pieces, and begin again
 * where a write came in between.
 *
 * Vectors have places 0, 1, 2 ... without gaps: the keys of their rows, and their positions in the index.
 */
export class Namespace {
  readonly #storage: SqlStorage;
  readonly #sql: Sql;
  readonly #empty: () => Promise<void>;
  readonly #searchMs: number;
  readonly #alias: AliasTarget;
  #index: NamespaceIndex | undefined;

  /**
   * @param empty - deletes everything in the storage, its tables too.
   * @param searchMs - milliseconds that a search may take.
   */
  constructor(storage: SqlStorage, empty: () => Promise<void>, searchMs: number = limits.storeMs) {
    this.#storage = storage;
    this.#sql = new Sql(storage);
    this.#empty = empty;
    this.#searchMs = searchMs;
    this.#alias = new AliasTarget(storage);
  }

  /** The namespace that its name stands for, where that is an alias; all calls belong there then. */
  get alias(): string | undefined {
    return this.#alias.get();
  }

  /**
   * Makes its name an alias.
   * @param namespace - undefined: it is none any more.
   * @throws UnlabelError `invalid_parameter` where it has vectors.
   */
  pointTo(namespace: string | undefined): void {
    if (namespace !== undefined && this.about()) throw aliasHasVectors();
    this.#alias.set(namespace);
  }

  /** The model of the namespace, and a tag that changes with every write; undefined while it is empty. */
  about(): About | undefined {
    // Reading a namespace that was never written to creates no tables.
    if (!this.#sql.hasTable('about')) return undefined;
    return this.#sql.first<About>('SELECT name, version, dimensions, etag FROM about');
  }

  /** See `VectorStore.upsert`. */
  upsert(model: ModelRef, vectors: readonly NewVector[], quota?: number): void {
    const places = this.#storage.transactionSync(() => this.#write(model, vectors, quota));
    this.#updateIndex((index) => {
      for (const [i, { vector, metadata }] of vectors.entries())
        index.set(places[i] as number, vector, metadata);
    });
  }

  /** See `VectorStore.check`. */
  check(model: VectorModel, ids: readonly string[], quota?: number): void {
    const about = this.about();
    if (about) checkModel(about, model);
    const query = 'SELECT COUNT(*) AS count FROM vectors WHERE id IN (SELECT value FROM json_each(?))';
    const row = about && this.#sql.first<{ count: number }>(query, JSON.stringify(ids));
    const before = about ? countOf(this.#sql) : 0;
    checkRoom(model.dimensions, before, before + ids.length - (row?.count ?? 0), quota);
  }

  /** See `VectorStore.get`. */
  get(id: string): NewVector & { model: VectorModel } {
    const about = this.about();
    const query = 'SELECT vector, metadata FROM vectors WHERE id = ?';
    const row = about && this.#sql.first<{ vector: ArrayBuffer; metadata: string }>(query, id);
    if (!row) throw vectorNotFound();
    const { etag, ...model } = about;
    return { id, vector: new Float32Array(row.vector), metadata: JSON.parse(row.metadata), model };
  }

  /** See `VectorStore.update`. */
  update(id: string, patch: MetadataPatch['metadata']): Metadata {
    const query = 'SELECT place, vector, metadata FROM vectors WHERE id = ?';
    const row =
      this.about() && this.#sql.first<{ place: number; vector: ArrayBuffer; metadata: string }>(query, id);
    if (!row) throw vectorNotFound();
    const metadata = patchMetadata(JSON.parse(row.metadata), patch);
    this.#storage.transactionSync(() => {
      this.#sql.all('UPDATE vectors SET metadata = ? WHERE id = ?', JSON.stringify(metadata), id);
      this.#sql.all('UPDATE about SET etag = ?', crypto.randomUUID());
    });
    this.#updateIndex((index) => index.set(row.place, new Float32Array(row.vector), metadata));
    return metadata;
  }

  /** See `VectorStore.delete`. */
  async delete(id: string): Promise<void> {
    if (this.about()) await this.#delete([id]);
  }

  /** See `VectorStore.deleteWhere`. */
  async deleteWhere(filter: Filter, limit: number): Promise<{ deleted: number; hasMore: boolean }> {
    const deleted = await this.#select(filter, async (places) => {
      const rows = this.#page<{ id: string }>('id', places, '', limit);
      await this.#delete(rows.map(({ id }) => id));
      return { deleted: rows.length, hasMore: places.length > rows.length };
    });
    return deleted ?? { deleted: 0, hasMore: false };
  }

  /** Deletes rows, all or none. What it does before it first waits is all that it does to the rows. */
  async #delete(ids: readonly string[]): Promise<void> {
    const moves: [place: number, last: number][] = [];
    let count = countOf(this.#sql);
    this.#storage.transactionSync(() => {
      for (const id of ids) {
        const row = this.#sql.first<{ place: number }>(
          'DELETE FROM vectors WHERE id = ? RETURNING place',
          id,
        );
        if (!row) continue;
        count--;
        this.#sql.all('UPDATE vectors SET place = ? WHERE place = ?', row.place, count);
        moves.push([row.place, count]);
      }
      if (moves.length > 0) this.#sql.all('UPDATE about SET etag = ?', crypto.randomUUID());
    });
    if (count === 0) return this.clear();
    this.#updateIndex((index) => {
      for (const [place, last] of moves) index.remove(place, last);
    });
  }

  /** See `VectorStore.clear`. */
  clear(): Promise<void> {
    this.#dropIndex();
    return this.#empty();
  }

  /** See `VectorStore.list`. */
  async list(limit: number, after = '', filter?: Filter): Promise<VectorPage> {
    const page = (places?: readonly number[]) => {
      const about = this.about();
      if (!about) return undefined;
      const rows = this.#page<{ id: string; metadata: string }>('id, metadata', places, after, limit + 1);
      const { etag, dimensions, ...model } = about;
      const vectors = rows
        .slice(0, limit)
        .map(({ id, metadata }) => ({ id, metadata: JSON.parse(metadata) }));
      return { model, count: places?.length ?? countOf(this.#sql), vectors, hasMore: rows.length > limit };
    };
    const found = filter ? await this.#select(filter, page) : page();
    return found ?? { model: undefined, count: 0, vectors: [], hasMore: false };
  }

  /** Rows after an id, by id: all, or those of some places. */
  #page<Row extends SqlRow>(
    columns: string,
    places: readonly number[] | undefined,
    after: string,
    limit: number,
  ): Row[] {
    const among = places ? 'AND place IN (SELECT value FROM json_each(?))' : '';
    const query = `SELECT ${columns} FROM vectors WHERE id > ? ${among} ORDER BY id LIMIT ?`;
    return this.#sql.all<Row>(query, after, ...(places ? [JSON.stringify(places)] : []), limit);
  }

  /**
   * Calls back with the places whose metadata meets a filter, before any write can come in between.
   * @returns undefined where the namespace is empty.
   */
  async #select<Result>(
    filter: Filter,
    use: (places: number[]) => Result | Promise<Result>,
  ): Promise<Result | undefined> {
    const deadline = Date.now() + this.#searchMs;
    for (let about = this.about(); about; about = this.about()) {
      this.#index ??= new NamespaceIndex(this.#sql, about.dimensions);
      const found = await this.#index.select(filter, deadline, use);
      // Else the namespace was emptied meanwhile.
      if (found) return found.value;
    }
    return undefined;
  }

  /** See `VectorStore.search`. */
  async search(
    query: StoreQuery,
    options: StoreSearchOptions,
  ): Promise<{ model: ModelRef; matches: Match[] }> {
    const { vector, model } = resolveQuery(query, (id) => this.get(id));
    const [matches = []] = await this.searchAll(model, [vector], options, idsOf(query));
    return { model: { name: model.name, version: model.version }, matches };
  }

  /**
   * See `VectorStore.searchAll`.
   * @param own - ids that are left out.
   */
  async searchAll(
    { name, version }: ModelRef,
    vectors: readonly Float32Array[],
    options: StoreSearchOptions,
    own: readonly string[] = [],
  ): Promise<Match[][]> {
    const deadline = Date.now() + this.#searchMs;
    for (;;) {
      const about = this.about();
      if (!about) return vectors.map(() => []);
      for (const { length } of vectors) checkModel(about, { name, version, dimensions: length });
      this.#index ??= new NamespaceIndex(this.#sql, about.dimensions);
      const found = await this.#index.search(vectors, { ...options, own }, deadline);
      if (found) return found;
      // The namespace was emptied meanwhile, and may have another model by now.
    }
  }

  /**
   * The namespace as an index file, piece by piece.
   * @throws Error where it has been written to since `about` was read.
   */
  export(about: About): Generator<Uint8Array> {
    return exportRows(this.#sql, about, () => this.about()?.etag === about.etag);
  }

  /** Writes vectors within a transaction; returns their places. */
  #write(ref: ModelRef, vectors: readonly NewVector[], quota?: number): number[] {
    const model = { ...ref, dimensions: vectors[0]?.vector.length ?? 0 };
    const about = this.about();
    if (!about) {
      this.#sql.all('CREATE TABLE about (name TEXT, version TEXT, dimensions INTEGER, etag TEXT)');
      this.#sql.all(
        'CREATE TABLE vectors (place INTEGER PRIMARY KEY, id TEXT UNIQUE, vector BLOB, metadata TEXT) STRICT',
      );
      const { name, version, dimensions } = model;
      this.#sql.all(
        'INSERT INTO about (name, version, dimensions) VALUES (?, ?, ?)',
        name,
        version,
        dimensions,
      );
    }
    const before = countOf(this.#sql);
    let count = before;
    const places = vectors.map(({ id, vector, metadata }) => {
      checkModel(about ?? model, { ...ref, dimensions: vector.length });
      const [row] = this.#sql.all<{ place: number }>(
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
    checkRoom(model.dimensions, before, count, quota);
    this.#sql.all('UPDATE about SET etag = ?', crypto.randomUUID());
    // Last within the transaction: where memory runs out, nothing is written.
    this.#index?.reserve(count);
    return places;
  }

  /** Repeats in memory a change of the storage. */
  #updateIndex(change: (index: NamespaceIndex) => void): void {
    if (!this.#index) return;
    try {
      change(this.#index);
    } catch {
      // The next search reads it again.
      this.#dropIndex();
    }
  }

  #dropIndex(): void {
    this.#index?.end();
    this.#index = undefined;
  }
}

function bytesOf(vector: Float32Array): ArrayBuffer {
  return new Uint8Array(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)).buffer;
}
