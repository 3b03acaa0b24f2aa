import { createRoute } from '@hono/zod-openapi';
import { embedding, embeddingBatch, embeddingsQuery } from '../../contract/schemas/inference.ts';
import type { Codecs } from '../../image/codecs/codecs.ts';
import { embed } from '../../inference/embed.ts';
import { encodeFloat32 } from '../../util/float32.ts';
import { envelope } from '../envelope.ts';
import type { App } from '../environment.ts';
import { readImages } from '../request/read.ts';
import { runOnImages } from '../request/run.ts';
import { imageRequestBody } from './openapi/bodies.ts';
import { inferenceProblems } from './openapi/problems.ts';

const route = createRoute({
  method: 'post',
  path: '/v1/embeddings',
  tags: ['Inference'],
  summary: 'Map an image, or each image of a batch, to a unit vector',
  request: { query: embeddingsQuery, body: imageRequestBody },
  responses: {
    200: {
      description: 'An embedding; for a batch, one result an image',
      content: { 'application/json': { schema: embedding.or(embeddingBatch) } },
    },
    ...inferenceProblems,
  },
});

/** Adds `POST /v1/embeddings`. */
export function addEmbeddings(app: App, codecs: Codecs): void {
  app.openapi(route, async (c) => {
    const { model: name, encoding } = c.req.valid('query');
    const request = await readImages(c);
    return c.var.models.use(name ?? request.model, async (model) => {
      const vectors = await runOnImages(c, request.imagesFor(model), model, codecs, (tensors) =>
        embed(model, tensors),
      );
      const results = vectors.map((vector) => ({
        embedding: encoding === 'base64' ? encodeFloat32(vector) : Array.from(vector),
        dimensions: vector.length,
      }));
      return c.json(envelope(model, results, request.isBatch), 200);
    });
  });
}
