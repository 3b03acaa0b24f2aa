import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { UnlabelError } from '../../contract/errors.ts';
import {
  embedding,
  embeddingBatch,
  embeddingsQuery,
  openAiEmbeddings,
} from '../../contract/schemas/inference.ts';
import type { Codecs } from '../../image/codecs/codecs.ts';
import { embed } from '../../inference/embed.ts';
import { encodeFloat32 } from '../../util/float32.ts';
import { envelope } from '../envelope.ts';
import type { App } from '../environment.ts';
import { imagesOf } from '../request/images.ts';
import { isOpenAi, type OpenAiImages, openAiImages } from '../request/openai.ts';
import { readImages } from '../request/read.ts';
import { imageOptions, runOnImages } from '../request/run.ts';
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
      content: { 'application/json': { schema: z.union([embedding, embeddingBatch, openAiEmbeddings]) } },
    },
    ...inferenceProblems,
  },
});

/** Adds `POST /v1/embeddings`, which also takes and gives the form of OpenAI's API. */
export function addEmbeddings(app: App, codecs: Codecs): void {
  app.openapi(route, async (c) => {
    const { model: name, encoding, settled, region } = c.req.valid('query');
    let openAi: OpenAiImages | undefined;
    const request = await readImages(c, (json) => {
      if (!isOpenAi(json)) return imagesOf(json);
      openAi = openAiImages(json);
      return openAi;
    });
    const how = imageOptions(request, { settled: openAi ? 'false' : settled, region });
    return c.var.models.use(name ?? request.model, async (model) => {
      const { dimensions } = model.manifest.embedding;
      if (openAi?.dimensions !== undefined && openAi.dimensions !== dimensions)
        throw new UnlabelError(
          'invalid_parameter',
          `dimensions must be ${dimensions}, the length of this model's embeddings`,
          { field: 'dimensions' },
        );
      const run = (tensors: Uint8Array[]) => embed(model, tensors);
      const vectors = await runOnImages(c, request.imagesFor(model), model, codecs, run, how);
      const form = openAi?.encoding ?? encoding;
      const results = vectors.map((vector) => ({
        embedding: form === 'base64' ? encodeFloat32(vector) : Array.from(vector),
        dimensions: vector.length,
      }));
      if (!openAi) return c.json(envelope(model, results, request.isBatch, how.failed), 200);
      const data = results.map(({ embedding }, index) => ({
        object: 'embedding' as const,
        index,
        embedding,
      }));
      // Nothing is billed by tokens, but clients expect the member.
      const usage = { prompt_tokens: 0, total_tokens: 0 };
      return c.json({ object: 'list' as const, model: model.ref.name, data, usage }, 200);
    });
  });
}
