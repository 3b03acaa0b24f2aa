import { createRoute, z } from '@hono/zod-openapi';
import { UnlabelError } from '../../contract/errors.ts';
import { model } from '../../contract/schemas/inference.ts';
import { namespace } from '../../contract/schemas/vectors.ts';
import type { VectorStore } from '../../vectors/store.ts';
import type { App } from '../environment.ts';
import { storeOf } from '../stores.ts';
import { problemResponses } from './openapi/problems.ts';

const route = createRoute({
  method: 'get',
  path: '/v1/index/{namespace}',
  tags: ['Vectors'],
  summary: 'Get a namespace as one file, to search it elsewhere',
  description:
    'Model, ids, metadata and float32 vectors. The ETag changes with every write. The connection is cut if the ' +
    'namespace is written to while the file is under way.',
  request: { params: z.object({ namespace }), query: z.object({ model }) },
  responses: {
    200: {
      description: 'The file',
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    },
    304: { description: 'The namespace has not changed' },
    ...problemResponses(
      'unauthorized',
      'model_not_found',
      'not_found',
      'invalid_parameter',
      'rate_limited',
      'not_supported',
      'model_unavailable',
      'store_unavailable',
    ),
  },
});

/** Adds `GET /v1/index/:namespace`. */
export function addIndex(app: App): void {
  app.openapi(route, async (c) => {
    const { namespace } = c.req.valid('param');
    const store = storeOf(c, namespace, c.req.valid('query').model);
    const headersOf = (etag: string) => ({ etag: `"${etag}"`, 'cache-control': 'no-cache' });
    const known = c.req.header('if-none-match');
    const current = known && (await store.etag(namespace));
    if (current && known.includes(current))
      return new Response(null, { status: 304, headers: headersOf(current) });
    // Hono answers HEAD by GET, and drops the body: an export that nobody reads would stay open.
    const isHead = c.req.method === 'HEAD';
    const file = isHead ? await headOf(store, namespace) : await store.export(namespace);
    if (!file) throw new UnlabelError('not_found', 'The namespace is empty', { field: 'namespace' });
    return new Response(file.body, {
      headers: { ...headersOf(file.etag), 'content-type': 'application/octet-stream' },
    });
  });
}

/** An export without its body. */
async function headOf(store: VectorStore, namespace: string) {
  const etag = await store.etag(namespace);
  return etag === undefined ? undefined : { etag, body: null };
}
