import { createRoute } from '@hono/zod-openapi';
import { limits } from '../../contract/limits.ts';
import { classesBody, classesPath, classSet, classSetList } from '../../contract/schemas/classes.ts';
import { writeQuery } from '../../contract/schemas/vectors.ts';
import type { Codecs } from '../../image/codecs/codecs.ts';
import { createClassSet, toItem } from '../../vectors/classes/class-set.ts';
import type { App } from '../environment.ts';
import { parse } from '../request/json.ts';
import { readJson } from '../request/read.ts';
import { readVectors } from '../request/vectors.ts';
import { classesOf } from '../stores.ts';
import { jsonBody } from './openapi/bodies.ts';
import { problemResponses, storeProblems, vectorProblems } from './openapi/problems.ts';

const tags = ['Classes'];
const setAnswer = (description: string) => ({
  200: { description, content: { 'application/json': { schema: classSet } } },
});

const putRoute = createRoute({
  method: 'put',
  path: '/v1/classes/{name}',
  tags,
  summary: 'Name classes by a handful of pictures each; replaces the set of that name',
  description: 'Needs a key with the scope `write`. What is kept is the mean vector of each class.',
  request: {
    params: classesPath,
    query: writeQuery,
    body: jsonBody(
      classesBody,
      `1 to ${limits.classesPerSet} labels, each with pictures or vectors of one model, ${limits.examplesPerSet} in all.`,
    ),
  },
  responses: {
    ...setAnswer('The set is stored'),
    ...vectorProblems,
    ...problemResponses('model_not_found', 'quota_exceeded'),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: '/v1/classes',
  tags,
  summary: 'List the sets of classes, by name',
  responses: {
    200: { description: 'All sets', content: { 'application/json': { schema: classSetList } } },
    ...problemResponses('unauthorized', 'rate_limited', 'not_supported', 'store_unavailable'),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: '/v1/classes/{name}',
  tags,
  summary: 'Get a set of classes: its labels, and how many pictures each was made of',
  request: { params: classesPath },
  responses: { ...setAnswer('The set'), ...storeProblems, ...problemResponses('classes_not_found') },
});

const deleteRoute = createRoute({
  method: 'delete',
  path: '/v1/classes/{name}',
  tags,
  summary: 'Delete a set of classes',
  description: 'Needs a key with the scope `write`. Answers the same where there was none.',
  request: { params: classesPath },
  responses: {
    200: {
      description: 'There is no such set any more',
      content: { 'application/json': { schema: classesPath } },
    },
    ...storeProblems,
  },
});

/** Adds the routes below `/v1/classes`. */
export function addClasses(app: App, codecs: Codecs): void {
  app.openapi(putRoute, async (c) => {
    const { name } = c.req.valid('param');
    // Rights and quota come before the body is read.
    const store = classesOf(c);
    await store.check(name);
    const labelled = Object.entries(parse(classesBody, await readJson(c)).classes);
    const sources = labelled.flatMap(([label, items]) =>
      items.map((item, i) => ({ ...item, field: `classes.${label}[${i}].` })),
    );
    const { model: modelName, region } = c.req.valid('query');
    const { model, vectors } = await readVectors(c, codecs, sources, modelName, region);
    const dimensions = vectors[0]?.length ?? 0;
    const examples = labelled.map(([label, { length }]) => [label, vectors.splice(0, length)] as const);
    const set = createClassSet(name, { ...model, dimensions }, examples, (label) => `classes.${label}`);
    await store.put(set);
    return c.json(toItem(set), 200);
  });

  app.openapi(listRoute, async (c) => c.json({ sets: (await classesOf(c).list()).map(toItem) }, 200));

  app.openapi(getRoute, async (c) => c.json(toItem(await classesOf(c).get(c.req.valid('param').name)), 200));

  app.openapi(deleteRoute, async (c) => {
    const { name } = c.req.valid('param');
    await classesOf(c).delete(name);
    return c.json({ name }, 200);
  });
}
