import { createRoute } from '@hono/zod-openapi';
import { classification, classificationBatch, classifyQuery } from '../../contract/schemas.ts';
import type { Codecs } from '../../image/codecs.ts';
import { classify } from '../../inference/classify.ts';
import { answerOf } from '../answer.ts';
import type { App } from '../environment.ts';
import { readImages } from '../images.ts';
import { imageRequestBody } from './image-body.ts';
import { inferenceProblems } from './problem-responses.ts';

const route = createRoute({
  method: 'post',
  path: '/v1/classify',
  tags: ['Inference'],
  summary: 'Predict the class of an image, or of each image of a batch',
  request: { query: classifyQuery, body: imageRequestBody },
  responses: {
    200: {
      description: 'A classification; for a batch, one result an image',
      content: { 'application/json': { schema: classification.or(classificationBatch) } },
    },
    ...inferenceProblems,
  },
});

export function addClassify(app: App, codecs: Codecs): void {
  app.openapi(route, async (c) => {
    const { model: name, topK } = c.req.valid('query');
    const request = await readImages(c, codecs);
    return c.var.models.use(name ?? request.model, async (model) => {
      const predictions = await classify(model, await request.fit(model), topK);
      const results = predictions.map((predictions) => ({ predictions }));
      return c.json(answerOf(model, results, request.isBatch), 200);
    });
  });
}
