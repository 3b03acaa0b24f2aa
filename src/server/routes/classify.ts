import { createRoute } from '@hono/zod-openapi';
import { UnlabelError } from '../../contract/errors.ts';
import type { Choice } from '../../contract/rules/known.ts';
import { lookupQuery } from '../../contract/schemas/classes.ts';
import { classification, classificationBatch, classifyQuery } from '../../contract/schemas/inference.ts';
import type { ClassifyItem } from '../../contract/wire.ts';
import type { Codecs } from '../../image/codecs/codecs.ts';
import { classify } from '../../inference/classify.ts';
import { embed } from '../../inference/embed.ts';
import type { Model } from '../../inference/model.ts';
import { checkLookup, classifyWithNeighbors, classifyWithSet } from '../../vectors/classes/lookup.ts';
import { envelope } from '../envelope.ts';
import type { App, RequestContext } from '../environment.ts';
import { readImages } from '../request/read.ts';
import { imageOptions, runOnImages } from '../request/run.ts';
import { classesOf, storeOf } from '../stores.ts';
import { imageRequestBody } from './openapi/bodies.ts';
import { inferenceProblems, problemResponses } from './openapi/problems.ts';

const route = createRoute({
  method: 'post',
  path: '/v1/classify',
  tags: ['Inference'],
  summary: 'Predict the class of an image, or of each image of a batch',
  description:
    "With the network's own classes; with those of a set (`classes`); or with the labels of the nearest stored " +
    'vectors (`method=neighbors`).',
  request: { query: classifyQuery.extend(lookupQuery), body: imageRequestBody },
  responses: {
    200: {
      description: 'A classification; for a batch, one result an image',
      content: { 'application/json': { schema: classification.or(classificationBatch) } },
    },
    ...inferenceProblems,
    ...problemResponses(
      'model_not_found',
      'classes_not_found',
      'invalid_parameter',
      'model_mismatch',
      'not_supported',
    ),
  },
});

/** Adds `POST /v1/classify`. */
export function addClassify(app: App, codecs: Codecs): void {
  app.openapi(route, async (c) => {
    const { model: name, method, namespace, k, classes, settled, region, ...choice } = c.req.valid('query');
    if (classes !== undefined && method === 'neighbors')
      throw new UnlabelError('invalid_parameter', 'classes and method=neighbors exclude each other', {
        field: 'classes',
      });
    const request = await readImages(c);
    const how = imageOptions(request, { settled, region });
    return c.var.models.use(name ?? request.model, async (model) => {
      const run = <Result>(task: (tensors: Uint8Array[]) => Promise<Result[]>) =>
        runOnImages(c, request.imagesFor(model), model, codecs, task, how);
      const vectors = () => run((tensors) => embed(model, tensors));
      const results =
        classes !== undefined
          ? await byClasses(c, model, vectors, classes, choice)
          : method === 'neighbors'
            ? await byNeighbors(c, model, await vectors(), namespace, k, choice)
            : await run((tensors) => classify(model, tensors, choice));
      return c.json(envelope(model, results, request.isBatch, how.failed), 200);
    });
  });
}

async function byClasses(
  c: RequestContext,
  model: Model,
  embedAll: () => Promise<Float32Array[]>,
  name: string,
  choice: Choice,
): Promise<ClassifyItem[]> {
  const set = await classesOf(c).get(name);
  checkLookup(set, { ...model.ref, dimensions: model.manifest.embedding.dimensions }, choice);
  return (await embedAll()).map((vector) => classifyWithSet(set, vector, choice));
}

async function byNeighbors(
  c: RequestContext,
  model: Model,
  vectors: Float32Array[],
  namespace: string,
  k: number,
  choice: Choice,
): Promise<ClassifyItem[]> {
  const store = storeOf(c, namespace, model.ref.name);
  const results = await store.searchAll(namespace, model.ref, vectors, { topK: k });
  return results.map((matches) => classifyWithNeighbors(matches, model.manifest, namespace, choice));
}
