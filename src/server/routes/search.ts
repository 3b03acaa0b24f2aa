import { createRoute } from '@hono/zod-openapi';
import { defaultMatches, defaultNamespace } from '../../contract/limits.ts';
import {
  searchByExamples,
  searchById,
  searchByVector,
  searchOptions,
  searchQuery,
  searchResult,
  searchResultBatch,
} from '../../contract/schemas/vectors.ts';
import type { Match } from '../../contract/vectors.ts';
import type { Codecs } from '../../image/codecs/codecs.ts';
import { embed } from '../../inference/embed.ts';
import type { StoreExample, StoreQuery } from '../../vectors/search/query.ts';
import { envelope } from '../envelope.ts';
import type { App } from '../environment.ts';
import { imagesOf, mediaTypeOf } from '../request/images.ts';
import { parse } from '../request/json.ts';
import { contentTypeOf, readImages, readJson } from '../request/read.ts';
import { imageOptions, runOnImages } from '../request/run.ts';
import { readVectors } from '../request/vectors.ts';
import { storeOf } from '../stores.ts';
import { searchRequestBody } from './openapi/bodies.ts';
import { problemResponses, vectorProblems } from './openapi/problems.ts';
import { filterOf } from './vectors/filter.ts';

const route = createRoute({
  method: 'post',
  path: '/v1/search',
  tags: ['Vectors'],
  summary: 'Find the stored vectors that are most like an image, a vector, another stored one, or examples',
  description:
    'With `like` and `dislike` the query is the mean of the liked examples less half the mean of the disliked, all as ' +
    'unit vectors (Rocchio).',
  request: { query: searchQuery, body: searchRequestBody },
  responses: {
    200: {
      description: 'The nearest vectors by cosine; for a batch of images, one result an image',
      content: { 'application/json': { schema: searchResult.or(searchResultBatch) } },
    },
    ...vectorProblems,
    ...problemResponses('model_not_found', 'vector_not_found'),
  },
});

/** Adds `POST /v1/search`. */
export function addSearch(app: App, codecs: Codecs): void {
  app.openapi(route, async (c) => {
    const isJson = mediaTypeOf(contentTypeOf(c)) === 'application/json';
    const json = isJson ? await readJson(c) : undefined;
    const { model: name, filter: text, settled, region, ...query } = c.req.valid('query');
    const {
      topK,
      namespace,
      minScore = query.minScore,
      diversity = query.diversity,
      filter: inBody,
      ...rest
    } = json === undefined ? {} : parse(searchOptions, json);
    const space = namespace ?? query.namespace ?? defaultNamespace;
    const options = {
      topK: topK ?? query.topK ?? defaultMatches,
      filter: inBody ?? filterOf(text),
      minScore,
      diversity,
    };
    const itemOf = (matches: Match[]) => ({ matches });
    const answer = async (query: StoreQuery) => {
      const store = storeOf(c, space, 'id' in query ? name : (query.model?.name ?? name));
      const { model, matches } = await store.search(space, query, options);
      return c.json(envelope({ ref: model, device: 'wasm' }, [itemOf(matches)], false), 200);
    };

    if ('id' in rest) return answer({ id: parse(searchById, json).id });
    if ('vector' in rest) {
      const source = { ...parse(searchByVector, json), field: '' };
      const { model, vectors } = await readVectors(c, codecs, [source], name);
      return answer({ model, vector: vectors[0] as Float32Array });
    }
    if ('like' in rest || 'dislike' in rest) {
      const { like, dislike = [] } = parse(searchByExamples, json);
      const given = [
        ...like.map((example, i) => ({ ...example, field: `like[${i}].` })),
        ...dislike.map((example, i) => ({ ...example, field: `dislike[${i}].` })),
      ];
      const sources = given.flatMap((example) => ('id' in example ? [] : [example]));
      const read = sources.length > 0 ? await readVectors(c, codecs, sources, name, region) : undefined;
      const examples = given.map(
        (example): StoreExample => ('id' in example ? example.id : (read?.vectors.shift() as Float32Array)),
      );
      const liked = examples.splice(0, like.length);
      return answer({ model: read?.model, like: liked, dislike: examples });
    }
    if (isJson) c.var.queue.check();
    const request = isJson ? imagesOf(rest) : await readImages(c);
    const how = imageOptions(request, { settled, region });
    return c.var.models.use(name ?? request.model, async (model) => {
      const run = (tensors: Uint8Array[]) => embed(model, tensors);
      const vectors = await runOnImages(c, request.imagesFor(model), model, codecs, run, how);
      const store = storeOf(c, space, model.ref.name);
      const results = await store.searchAll(space, model.ref, vectors, options);
      return c.json(envelope(model, results.map(itemOf), request.isBatch, how.failed), 200);
    });
  });
}
