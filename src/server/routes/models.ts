import { createRoute, z } from '@hono/zod-openapi';
import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import { manifest, modelList } from '../../contract/schemas/manifest.ts';
import type { App } from '../environment.ts';
import { cutTo, parseRange } from '../request/byte-range.ts';
import { problemResponses } from './openapi/problems.ts';

const notFound = problemResponses('unauthorized', 'model_not_found', 'not_found', 'model_unavailable');
const text = z.string().max(limits.modelNameLength);
const name = text.meta({ example: 'cifar10' });

const listRoute = createRoute({
  method: 'get',
  path: '/v1/models',
  tags: ['Models'],
  summary: 'List the models of this deployment',
  responses: {
    200: { description: 'All models', content: { 'application/json': { schema: modelList } } },
    ...problemResponses('unauthorized', 'model_unavailable'),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: '/v1/models/{name}',
  tags: ['Models'],
  summary: 'Get the manifest of a model',
  request: { params: z.object({ name }) },
  responses: {
    200: { description: 'The manifest', content: { 'application/json': { schema: manifest } } },
    ...notFound,
  },
});

const fileRoute = createRoute({
  method: 'get',
  path: '/v1/models/{name}/{file}',
  tags: ['Models'],
  summary: 'Get a file of a model: its weights',
  description:
    "The ETag is the file's SHA-256. With `?sha256=` of the manifest the address is immutable and cached for a year.",
  request: {
    params: z.object({ name, file: text }),
    query: z.object({ sha256: z.string().max(64).optional() }),
  },
  responses: {
    200: {
      description: 'The file',
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    },
    206: { description: 'The range of the file that `Range` asks for; `If-Range` takes the ETag' },
    304: { description: 'The file has not changed' },
    416: { description: 'The file has no such bytes' },
    ...notFound,
  },
});

/** Adds the routes below `/v1/models`. */
export function addModels(app: App): void {
  app.openapi(listRoute, async (c) => {
    const names = await c.var.models.names();
    const models = await Promise.all(names.map((model) => c.var.models.manifest(model)));
    return c.json({ default: await c.var.models.defaultName(), models }, 200);
  });

  app.openapi(getRoute, async (c) => c.json(await c.var.models.manifest(c.req.valid('param').name), 200));

  app.openapi(fileRoute, async (c) => {
    const { name, file } = c.req.valid('param');
    const { files } = await c.var.models.manifest(name);
    const entry = files.find((candidate) => candidate.file === file);
    if (!entry)
      throw new UnlabelError('not_found', `The model has no such file; its manifest lists them`, {
        field: 'file',
      });
    const etag = `"${entry.sha256}"`;
    const isImmutable = c.req.valid('query').sha256 === entry.sha256;
    const headers = {
      etag,
      'accept-ranges': 'bytes',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': isImmutable ? 'public, max-age=31536000, immutable' : 'public, no-cache',
    };
    if (c.req.header('if-none-match')?.includes(etag)) return new Response(null, { status: 304, headers });
    const isCurrent = [undefined, etag].includes(c.req.header('if-range'));
    const range = isCurrent ? parseRange(c.req.header('range'), entry.bytes) : undefined;
    if (range === null)
      return new Response(null, {
        status: 416,
        headers: { ...headers, 'content-range': `bytes */${entry.bytes}` },
      });
    const { body } = await c.var.models.file(name, file);
    const { start, end } = range ?? { start: 0, end: entry.bytes - 1 };
    return new Response(range ? (body?.pipeThrough(cutTo(range)) ?? null) : body, {
      status: range ? 206 : 200,
      headers: {
        ...headers,
        'content-type': 'application/octet-stream',
        'content-length': String(end - start + 1),
        ...(range && { 'content-range': `bytes ${start}-${end}/${entry.bytes}` }),
      },
    });
  });
}
