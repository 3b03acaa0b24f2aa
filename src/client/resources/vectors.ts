import { defaultNamespace, limits } from '../../contract/limits.ts';
import type { InNamespace, VectorCollection } from '../../contract/resources/vectors.ts';
import type { Deleted, Upserted, VectorItem, VectorList } from '../../contract/wire.ts';
import { decodeFloat32 } from '../../util/float32.ts';
import { checkShape } from '../check-shape.ts';
import type { Connection } from '../connection.ts';
import type { RequestOptions } from '../http/service.ts';
import type { HostedImage } from '../images/take.ts';
import { jsonOf, toVectors } from '../vector-source.ts';

/** Options of every call of {@link Vectors}. */
export interface VectorOptions extends RequestOptions, InNamespace {}

/**
 * The stored vectors of a service, in namespaces. Writing needs a key with the scope `write`. Of more than 100 vectors,
 * each hundred is stored whole or not at all, in order.
 *
 * Every method throws `UnlabelApiError` or its subclass for the `code`, ConnectionError, TimeoutError and
 * RedirectError.
 */
export interface Vectors extends VectorCollection<HostedImage, RequestOptions> {}

/** Below `/v1/vectors`. */
export function createVectors(connection: Connection, model?: string): Vectors {
  const { send } = connection;
  const base = 'v1/vectors';
  const pathOf = (id: string) => `${base}/${encodeURIComponent(id)}`;
  const page = ({ namespace, ...options }: VectorOptions, limit: number, seen?: ReadonlySet<string>) =>
    send(
      { path: base, query: { namespace, limit, cursor: [...(seen ?? [])].at(-1) } },
      (body) => {
        const list = body as VectorList;
        checkShape(Array.isArray(list.vectors) && Number.isInteger(list.count));
        // A list whose cursor comes back, or whose pages are empty, would never end.
        checkShape(!list.cursor || (list.vectors.length > 0 && !seen?.has(list.cursor)));
        return list;
      },
      options,
    );

  return {
    async upsert(items, { namespace = defaultNamespace, ...options } = {}) {
      const described = items.map(({ id, metadata }) => ({ id, metadata: metadata && { ...metadata } }));
      const named = items.map(({ vector }, i) => ({ source: vector, field: `items[${i}].vector` }));
      const sources = await toVectors(connection, model, named, options);
      const vectors = described.map((item, i) => ({ ...item, ...sources[i] }));
      for (let start = 0; start < vectors.length; start += limits.vectorsPerRequest) {
        const some = vectors.slice(start, start + limits.vectorsPerRequest);
        const rename = (field: string) =>
          field.replace(/^vectors\[(\d+)\]/, (_, place) => `items[${start + Number(place)}]`);
        const body = jsonOf({ namespace, vectors: some });
        await send(
          { path: base, query: { model }, method: 'PUT', body, rename },
          (answer) => {
            const { namespace: written, upserted } = answer as Upserted;
            checkShape(written === namespace && upserted === some.length);
          },
          options,
        );
      }
    },
    get: (id, { namespace, ...options } = {}) =>
      send(
        { path: pathOf(id), query: { namespace, encoding: 'base64' } },
        (body) => {
          const item = body as VectorItem;
          const embedding = decodeFloat32(item.embedding as string);
          checkShape(embedding.length === item.dimensions && item.id === id);
          return { ...item, embedding };
        },
        options,
      ),
    delete: (id, { namespace = defaultNamespace, ...options } = {}) =>
      send(
        { path: pathOf(id), query: { namespace }, method: 'DELETE' },
        (body) => checkShape((body as Deleted).namespace === namespace),
        options,
      ),
    clear: (namespace, options) =>
      send(
        { path: base, query: { namespace }, method: 'DELETE' },
        (body) => checkShape((body as Deleted).namespace === namespace),
        options,
      ),
    async *list(options = {}) {
      const seen = new Set<string>();
      for (;;) {
        const { vectors, cursor } = await page(options, limits.pageSize, seen);
        yield* vectors;
        if (!cursor) return;
        seen.add(cursor);
      }
    },
    count: async (options = {}) => (await page(options, 1)).count,
  };
}
