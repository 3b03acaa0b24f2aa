import { createRoute } from '@hono/zod-openapi';
import { embedding, embeddingBatch, embeddingsQuery } from '../../contract/schemas.ts';
import type { Codecs } from '../../image/codecs/codecs.ts';
import { embed } from '../../inference/embed.ts';
import { encodeFloat32 } from '../../util/float32.ts';
import { answerOf } from '../envelope.ts';
import type { App } from '../environment.ts';
import { imageRequestBody } from '../request/image-body.ts';
import { readImages, runOnFiles } from '../request/images.ts';
import { inferenceProblems } from './problem-responses.ts';

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

export function addEmbeddings(app: App, codecs: Codecs): void {
  app.openapi(route, async (c) => {
    const { model: name, encoding } = c.req.valid('query');
    const request = await readImages(c);
    return c.var.models.use(name ?? request.model, async (model) => {
      const vectors = await runOnFiles(c, request.filesFor(model), model, codecs, (images) =>
        embed(model, images),
      );
      const results = vectors.map((vector) => ({
        embedding: encoding === 'base64' ? encodeFloat32(vector) : Array.from(vector),
        dimensions: vector.length,
      }));
      return c.json(answerOf(model, results, request.isBatch), 200);
    });
  });
}
