import { limits } from '../../contract/limits.ts';
import type { Metadata, ModelVector } from '../../contract/vectors.ts';
import type { VectorItem, VectorList } from '../../contract/wire.ts';
import { decodeFloat32 } from '../../util/float32.ts';
import { checkShape } from '../read-response.ts';
import type { RequestOptions, Send } from '../request.ts';
import { type ImageOrVector, jsonOf, toVectors } from '../vector-source.ts';
import type { createEmbed } from './embed.ts';

/** Options of every call of {@link Vectors}. */
export interface VectorOptions extends RequestOptions {
  /** @default 'default' */
  namespace?: string | undefined;
}

/** A vector as it is stored. */
export interface StoredVector extends ModelVector {
  id: string;
  namespace: string;
  metadata: Metadata;
  dimensions: number;
}

/**
 * The stored vectors of a service, in namespaces. Writing needs a key with the scope `write`.
 *
 * Every method throws `UnlabelApiError` or its subclass for the `code`, ConnectionError, and TimeoutError.
 */
export interface Vectors {
  /**
   * Adds vectors, or replaces those of the same ids. Images are embedded first. Resolves when all are stored; of more
   * than 100, each hundred is stored whole or not at all, in order.
   *
   * @throws ModelMismatchError, QuotaExceededError
   */
  upsert(
    items: readonly { id: string; vector: ImageOrVector; metadata?: Metadata | undefined }[],
    options?: VectorOptions,
  ): Promise<void>;
  /** @throws VectorNotFoundError */
  get(id: string, options?: VectorOptions): Promise<StoredVector>;
  /** Resolves when there is no vector of that id any more. */
  delete(id: string, options?: VectorOptions): Promise<void>;
  /** Empties a namespace. It may then take vectors of another model. */
  clear(namespace: string, options?: RequestOptions): Promise<void>;
  /** Ids and metadata by id; pages are read as they are needed: `for await (const { id } of client.vectors.list())`. */
  list(options?: VectorOptions): AsyncGenerator<{ id: string; metadata: Metadata }, void>;
  /** Number of vectors in the namespace. */
  count(options?: VectorOptions): Promise<number>;
}

/** Below `/v1/vectors`. */
export function createVectors(send: Send, embed: ReturnType<typeof createEmbed>, model?: string): Vectors {
  const base = 'v1/vectors';
  const pathOf = (id: string) => `${base}/${encodeURIComponent(id)}`;
  const page = ({ namespace, ...options }: VectorOptions, limit: number, cursor?: string) =>
    send(
      { path: base, query: { namespace, limit, cursor } },
      (body) => {
        const list = body as VectorList;
        checkShape(Array.isArray(list.vectors) && Number.isInteger(list.count));
        return list;
      },
      options,
    );

  return {
    async upsert(items, { namespace, ...options } = {}) {
      const sources = await toVectors(
        embed,
        items.map(({ vector }) => vector),
        options,
      );
      const vectors = items.map(({ id, metadata }, i) => ({ id, metadata, ...sources[i] }));
      for (let i = 0; i < vectors.length; i += limits.vectorsPerRequest) {
        const body = jsonOf({ namespace, vectors: vectors.slice(i, i + limits.vectorsPerRequest) });
        await send({ path: base, query: { model }, method: 'PUT', body }, Object, options);
      }
    },
    get: (id, { namespace, ...options } = {}) =>
      send(
        { path: pathOf(id), query: { namespace, encoding: 'base64' } },
        (body) => {
          const item = body as VectorItem;
          const embedding = decodeFloat32(item.embedding as string);
          checkShape(embedding.length === item.dimensions);
          return { ...item, embedding };
        },
        options,
      ),
    async delete(id, { namespace, ...options } = {}) {
      await send({ path: pathOf(id), query: { namespace }, method: 'DELETE' }, Object, options);
    },
    async clear(namespace, options) {
      await send({ path: base, query: { namespace }, method: 'DELETE' }, Object, options);
    },
    async *list(options = {}) {
      let cursor: string | undefined;
      do {
        const list = await page(options, limits.pageSize, cursor);
        yield* list.vectors;
        cursor = list.cursor;
      } while (cursor);
    },
    count: async (options = {}) => (await page(options, 1)).count,
  };
}
