import { createRoute } from '@hono/zod-openapi';
import { defaultNamespace, limits } from '../../../contract/limits.ts';
import {
  deletedWhere,
  deleteWhereBody,
  namespaceList,
  namespaceListQuery,
  namespaceQuery,
  updateBody,
  updated,
  vectorPath,
} from '../../../contract/schemas/upkeep.ts';
import type { NamespaceItem } from '../../../contract/wire.ts';
import type { App } from '../../environment.ts';
import { parse } from '../../request/json.ts';
import { readJson } from '../../request/read.ts';
import { namesOf, storeOf } from '../../stores.ts';
import { jsonBody } from '../openapi/bodies.ts';
import { problemResponses, storeProblems } from '../openapi/problems.ts';
import { cursorOf, lastOf } from './cursor.ts';
import { json, tags } from './vectors.ts';

const updateRoute = createRoute({
  method: 'patch',
  path: '/v1/vectors/{id}',
  tags,
  summary: 'Change the metadata of a vector; the vector stays',
  description: 'Needs a key with the scope `write`.',
  request: {
    params: vectorPath,
    query: namespaceQuery,
    body: jsonBody(
      updateBody,
      '`null` removes a key, other keys stay as they are (JSON Merge Patch, RFC 7396)',
    ),
  },
  responses: {
    ...json('The metadata as it is now', updated),
    ...storeProblems,
    ...problemResponses('vector_not_found', 'unsupported_media_type', 'body_too_large', 'request_timeout'),
  },
});

const deleteWhereRoute = createRoute({
  method: 'post',
  path: '/v1/deletions',
  tags,
  summary: 'Delete the vectors that meet a filter',
  description:
    `Needs a key with the scope \`write\`. Deletes ${limits.pageSize} at most, all or none of them: send it again while ` +
    '`hasMore` is true.',
  request: { body: jsonBody(deleteWhereBody, 'A filter of at least one condition') },
  responses: {
    ...json('These are deleted', deletedWhere),
    ...storeProblems,
    ...problemResponses('unsupported_media_type', 'body_too_large', 'request_timeout'),
  },
});

const namespacesRoute = createRoute({
  method: 'get',
  path: '/v1/namespaces',
  tags,
  summary: 'List the namespaces with vectors, by name',
  description: 'Those that the key may use; without the gallery of the model.',
  request: { query: namespaceListQuery },
  responses: { ...json('A page, which may be empty before the last', namespaceList), ...storeProblems },
});

/** Adds what looks after vectors that are stored. */
export function addVectorUpkeep(app: App): void {
  app.openapi(updateRoute, async (c) => {
    const { namespace } = c.req.valid('query');
    const { id } = c.req.valid('param');
    // Rights come before the body is read.
    const store = storeOf(c, namespace);
    const patch = parse(updateBody, await readJson(c));
    const metadata = await store.update(namespace, id, patch.metadata);
    return c.json({ id, namespace, metadata }, 200);
  });

  app.openapi(deleteWhereRoute, async (c) => {
    storeOf(c, defaultNamespace);
    const { namespace = defaultNamespace, filter } = parse(deleteWhereBody, await readJson(c));
    const answer = await storeOf(c, namespace).deleteWhere(namespace, filter, limits.pageSize);
    return c.json({ namespace, ...answer }, 200);
  });

  app.openapi(namespacesRoute, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const names = await namesOf(c)(limit, cursor === undefined ? '' : lastOf(cursor));
    const pages = await Promise.all(names.map((name) => storeOf(c, name).list(name, 1, undefined)));
    const namespaces = pages.flatMap(({ model, count }, i): NamespaceItem[] =>
      model ? [{ name: names[i] as string, model, count }] : [],
    );
    const last = names.at(-1);
    return c.json({ namespaces, ...(names.length === limit && last && { cursor: cursorOf(last) }) }, 200);
  });
}
