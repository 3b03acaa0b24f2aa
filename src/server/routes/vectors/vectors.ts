import { createRoute, z } from '@hono/zod-openapi';
import { UnlabelError } from '../../../contract/errors.ts';
import { defaultNamespace, limits } from '../../../contract/limits.ts';
import { embeddingsQuery } from '../../../contract/schemas/inference.ts';
import {
  deleted,
  listQuery,
  namespaceQuery,
  upsertBody,
  upserted,
  vectorItem,
  vectorList,
  vectorPath,
  writeQuery,
} from '../../../contract/schemas/vectors.ts';
import type { Codecs } from '../../../image/codecs/codecs.ts';
import { encodeFloat32 } from '../../../util/float32.ts';
import type { App } from '../../environment.ts';
import { parse } from '../../request/json.ts';
import { readJson } from '../../request/read.ts';
import { readVectors, vectorModelOf } from '../../request/vectors.ts';
import { storeOf } from '../../stores.ts';
import { jsonBody } from '../openapi/bodies.ts';
import { problemResponses, storeProblems, vectorProblems } from '../openapi/problems.ts';
import { cursorOf, lastOf } from './cursor.ts';
import { filterOf } from './filter.ts';

export const tags = ['Vectors'];
/** An answer of a route. */
export const json = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  200: { description, content: { 'application/json': { schema } } },
});

const upsertRoute = createRoute({
  method: 'put',
  path: '/v1/vectors',
  tags,
  summary: 'Add vectors, or replace those of the same ids: all or none',
  description: 'Needs a key with the scope `write`. The answer comes when the vectors are stored.',
  request: {
    query: writeQuery,
    body: jsonBody(
      upsertBody,
      `Up to ${limits.vectorsPerRequest} vectors, or images to embed, of one model. A namespace is bound to the ` +
        'model of its first vector until it is empty again.',
    ),
  },
  responses: {
    ...json('The vectors are stored', upserted),
    ...vectorProblems,
    ...problemResponses('model_not_found', 'quota_exceeded'),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: '/v1/vectors',
  tags,
  summary: 'List ids and metadata of a namespace, by id: of all vectors, or of those that meet a filter',
  request: { query: listQuery },
  responses: { ...json('A page', vectorList), ...storeProblems },
});

const clearRoute = createRoute({
  method: 'delete',
  path: '/v1/vectors',
  tags,
  summary: 'Empty a namespace',
  description: 'Needs a key with the scope `write`.',
  request: { query: z.object({ namespace: namespaceQuery.shape.namespace.unwrap() }) },
  responses: { ...json('The namespace is empty', deleted), ...storeProblems },
});

const getRoute = createRoute({
  method: 'get',
  path: '/v1/vectors/{id}',
  tags,
  summary: 'Get a vector with its metadata',
  request: {
    params: vectorPath,
    query: namespaceQuery.extend({ encoding: embeddingsQuery.shape.encoding }),
  },
  responses: { ...json('The vector', vectorItem), ...storeProblems, ...problemResponses('vector_not_found') },
});

const deleteRoute = createRoute({
  method: 'delete',
  path: '/v1/vectors/{id}',
  tags,
  summary: 'Delete a vector',
  description: 'Needs a key with the scope `write`. Answers the same where there was none.',
  request: { params: vectorPath, query: namespaceQuery },
  responses: { ...json('There is no such vector any more', deleted), ...storeProblems },
});

/** Adds the routes below `/v1/vectors`. */
export function addVectors(app: App, codecs: Codecs): void {
  app.openapi(upsertRoute, async (c) => {
    // Rights come before the body is read.
    storeOf(c, defaultNamespace);
    const body = parse(upsertBody, await readJson(c));
    const { namespace = defaultNamespace, vectors: items } = body;
    const ids = new Set<string>();
    for (const [i, { id }] of items.entries()) {
      if (ids.has(id))
        throw new UnlabelError('invalid_parameter', 'Two vectors of a request must not have the same id', {
          field: `vectors[${i}].id`,
        });
      ids.add(id);
    }
    const sources = items.map((item, i) => ({ ...item, field: `vectors[${i}].` }));
    const store = storeOf(c, namespace);
    const { model: name, region } = c.req.valid('query');
    const quota = c.var.key?.vectors;
    // Before any picture is decoded.
    if (items.some((item) => 'image' in item))
      await store.check(namespace, await vectorModelOf(c, name), [...ids], quota);
    const { model, vectors } = await readVectors(c, codecs, sources, name, region);
    const complete = items.map(({ id, metadata = {} }, i) => ({
      id,
      metadata,
      vector: vectors[i] as Float32Array,
    }));
    await store.upsert(namespace, model, complete, quota);
    return c.json({ namespace, model, upserted: items.length }, 200);
  });

  app.openapi(listRoute, async (c) => {
    const { namespace, limit, cursor, filter } = c.req.valid('query');
    const { hasMore, ...page } = await storeOf(c, namespace).list(
      namespace,
      limit,
      cursor && lastOf(cursor),
      filterOf(filter),
    );
    const last = page.vectors.at(-1);
    return c.json({ namespace, ...page, ...(hasMore && last && { cursor: cursorOf(last.id) }) }, 200);
  });

  app.openapi(clearRoute, async (c) => {
    const { namespace } = c.req.valid('query');
    await storeOf(c, namespace).clear(namespace);
    return c.json({ namespace }, 200);
  });

  app.openapi(getRoute, async (c) => {
    const { namespace, encoding } = c.req.valid('query');
    const { id, model, metadata, vector } = await storeOf(c, namespace).get(
      namespace,
      c.req.valid('param').id,
    );
    const embedding = encoding === 'base64' ? encodeFloat32(vector) : Array.from(vector);
    const { name, version } = model;
    const item = { id, namespace, model: { name, version }, metadata, embedding, dimensions: vector.length };
    return c.json(item, 200);
  });

  app.openapi(deleteRoute, async (c) => {
    const { namespace } = c.req.valid('query');
    await storeOf(c, namespace).delete(namespace, c.req.valid('param').id);
    return c.json({ namespace }, 200);
  });
}
