import { checkDeletion, checkFilter } from '../../contract/filter.ts';
import { defaultNamespace, limits } from '../../contract/limits.ts';
import type { InNamespace, InNamespaceWhere, VectorCollection } from '../../contract/resources/vectors.ts';
import { duplicates } from '../../contract/rules/duplicates.ts';
import { namedIn } from '../../contract/rules/namespace.ts';
import { reembed } from '../../contract/rules/reembed.ts';
import type { Match, SearchOptions } from '../../contract/vectors.ts';
import type {
  AliasItem,
  AliasList,
  Deleted,
  DeletedWhere,
  NamespaceList,
  Updated,
  Upserted,
  VectorItem,
  VectorList,
} from '../../contract/wire.ts';
import { decodeFloat32 } from '../../util/float32.ts';
import { checkShape } from '../check-shape.ts';
import type { Connection } from '../connection.ts';
import type { RequestOptions } from '../http/service.ts';
import type { HostedImage } from '../images/take.ts';
import { toVectors } from '../to-vectors.ts';
import { jsonOf } from '../vector-source.ts';

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

/** Searches by a stored vector. */
export type Search = (query: { id: string }, options: SearchOptions) => Promise<{ matches: Match[] }>;

/** Below `/v1/vectors`. */
export function createVectors(connection: Connection, search: Search, model?: string): Vectors {
  const { send } = connection;
  const base = 'v1/vectors';
  const pathOf = (id: string) => `${base}/${encodeURIComponent(id)}`;
  const aliasBase = 'v1/aliases';
  const aliasPath = (name: string) => `${aliasBase}/${encodeURIComponent(name)}`;
  /** The items of a list, page by page. */
  async function* pages<Page extends { cursor?: string | undefined }, Item>(
    path: string,
    itemsOf: (page: Page) => Item[],
    query: Record<string, string | number | undefined>,
    options: RequestOptions,
  ): AsyncGenerator<{ page: Page; items: Item[] }, void> {
    const seen = new Set<string>();
    for (let cursor: string | undefined; ; ) {
      const { page, items } = await send(
        { path, query: { ...query, cursor } },
        (body) => {
          const page = body as Page;
          const items = itemsOf(page);
          // A list whose cursor comes back would never end.
          checkShape(Array.isArray(items) && !(page.cursor && seen.has(page.cursor)));
          return { page, items };
        },
        options,
      );
      yield { page, items };
      cursor = page.cursor;
      if (!cursor) return;
      seen.add(cursor);
    }
  }

  const listPages = ({ namespace, filter, ...options }: VectorOptions & InNamespaceWhere, limit: number) => {
    if (filter !== undefined) checkFilter(filter);
    const query = { namespace, limit, filter: filter && JSON.stringify(filter) };
    const itemsOf = (list: VectorList) => {
      checkShape(Number.isInteger(list.count) && !(list.cursor && list.vectors.length === 0));
      return list.vectors;
    };
    return pages(base, itemsOf, query, options);
  };

  const vectors: Vectors = {
    async upsert(items, { namespace = defaultNamespace, region, ...options } = {}) {
      const described = items.map(({ id, metadata }) => ({ id, metadata: metadata && { ...metadata } }));
      const named = items.map(({ vector }, i) => ({ source: vector, field: `items[${i}].vector` }));
      const sources = await toVectors(connection, model, named, { ...options, region });
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
    update: (id, { metadata }, { namespace, ...options } = {}) =>
      send(
        { path: pathOf(id), query: { namespace }, method: 'PATCH', body: jsonOf({ metadata }) },
        (body) => {
          const { id: written, metadata } = body as Updated;
          checkShape(written === id && typeof metadata === 'object');
          return metadata;
        },
        options,
      ),
    delete: (id, { namespace = defaultNamespace, ...options } = {}) =>
      send(
        { path: pathOf(id), query: { namespace }, method: 'DELETE' },
        (body) => checkShape((body as Deleted).namespace === namespace),
        options,
      ),
    async clear(options) {
      const namespace = namedIn(options);
      await send(
        { path: base, query: { namespace }, method: 'DELETE' },
        (body) => checkShape((body as Deleted).namespace === namespace),
        options,
      );
    },
    async deleteWhere(filter, { namespace = defaultNamespace, ...options } = {}) {
      checkDeletion(filter);
      const body = jsonOf({ namespace, filter });
      for (let count = 0; ; ) {
        const { deleted, hasMore } = await send(
          { path: 'v1/deletions', body },
          (body) => {
            const answer = body as DeletedWhere;
            checkShape(
              answer.namespace === namespace &&
                Number.isInteger(answer.deleted) &&
                // One that deletes nothing and has more would never end.
                (answer.hasMore === false || (answer.hasMore === true && answer.deleted > 0)),
            );
            return answer;
          },
          options,
        );
        count += deleted;
        if (!hasMore) return count;
      }
    },
    async *list(options = {}) {
      for await (const { items } of listPages(options, limits.pageSize)) yield* items;
    },
    async count(options = {}) {
      for await (const { page } of listPages(options, 1)) return page.count;
      return 0;
    },
    alias: (name, namespace, options) =>
      send(
        { path: aliasPath(name), method: 'PUT', body: jsonOf({ namespace }) },
        (body) => {
          const written = body as AliasItem;
          checkShape(written.name === name && written.namespace === namespace);
        },
        options,
      ),
    aliases: (options) =>
      send(
        { path: aliasBase },
        (body) => {
          const { aliases } = body as AliasList;
          checkShape(
            aliases.every(({ name, namespace }) => typeof name === 'string' && typeof namespace === 'string'),
          );
          return aliases;
        },
        options,
      ),
    deleteAlias: (name, options) =>
      send(
        { path: aliasPath(name), method: 'DELETE' },
        (body) => checkShape((body as AliasItem).name === name),
        options,
      ),
    async *namespaces(options = {}) {
      const itemsOf = (list: NamespaceList) => list.namespaces;
      for await (const { items } of pages('v1/namespaces', itemsOf, {}, options)) yield* items;
    },
    duplicates: (options) => duplicates<RequestOptions>(vectors, search, options),
    reembed: (from, options) => reembed(vectors, from, options),
  };
  return vectors;
}
