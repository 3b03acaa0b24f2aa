import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { startHosted } from '../../scripts/harness/servers/hosted.ts';
import {
  ClassesNotFoundError,
  type Client,
  createClient,
  InvalidImageError,
  InvalidParameterError,
  ModelMismatchError,
  ModelNotFoundError,
  type UnlabelApiError,
  UnsupportedMediaTypeError,
  VectorNotFoundError,
} from '../../src/index.ts';

let hosted: Awaited<ReturnType<typeof startHosted>>;
let client: Client<'cifar10'>;
beforeAll(async () => {
  hosted = await startHosted();
  client = createClient({ url: hosted.url, model: 'cifar10' });
});
afterAll(() => hosted?.stop());

const sky = drawPng(32, 32, (_, y) => [90, 140, 200 + y]);
const checks = drawPng(64, 48, (x, y) => ((x ^ y) & 8 ? [220, 60, 20] : [20, 60, 30]));

test('classifies an image', async () => {
  const answer = await client.classify(sky, { topK: 3 });
  expect(answer).toMatchObject({ model: { name: 'cifar10' }, source: 'hosted', device: 'wasm' });
  expect(answer.predictions).toHaveLength(3);
  const { classes } = await client.models.get('cifar10');
  for (const { label, index, score } of answer.predictions) {
    expect(label).toBe(classes[index]);
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThanOrEqual(1);
  }
  const scores = answer.predictions.map(({ score }) => score);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
});

test('gives five predictions by default, and scores of all classes that add up to 1', async () => {
  expect((await client.classify(sky)).predictions).toHaveLength(5);
  const { predictions } = await client.classify(sky, { topK: 1000 });
  expect(predictions).toHaveLength(10);
  expect(predictions.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
});

test('embeds an image as a unit vector', async () => {
  const { embedding, dimensions } = await client.embed(checks);
  expect(embedding).toBeInstanceOf(Float32Array);
  expect(embedding).toHaveLength(dimensions);
  expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
});

test('an array gives what its images give alone, in order', async () => {
  const images = Array.from({ length: 35 }, (_, i) => (i % 2 ? sky : checks));
  const [alone, other] = [await client.classify(checks), await client.classify(sky)];
  const answers = await client.classify(images);
  expect(answers).toHaveLength(35);
  for (const [i, { predictions }] of answers.entries()) {
    const expected = (i % 2 ? other : alone).predictions;
    expect(predictions.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
    expect(predictions[0]?.score).toBeCloseTo(expected[0]?.score ?? 0, 5);
  }
  const [one, two] = await client.embed([checks, new File([sky], 'sky.png')]);
  expect(one?.embedding).toHaveLength(two?.dimensions ?? 0);
  expect(one?.embedding).not.toEqual(two?.embedding);
});

test('the default model answers where none is named', async () => {
  const client = createClient({ url: hosted.url });
  const { default: name, models } = await client.models.list();
  expect(models.map((model) => model.name)).toContain(name);
  expect((await client.classify(sky)).model.name).toBe(name);
});

test('stores, lists, finds and deletes vectors, more than one request takes', async () => {
  const namespace = 'client';
  const embedding = await client.embed(checks);
  const noise = Array.from({ length: 150 }, (_, i) => ({
    id: `n${i}`,
    vector: Float32Array.from({ length: 128 }, (_, j) => Math.sin(i * 128 + j)),
  }));
  await client.vectors.upsert([{ id: 'sky', vector: sky, metadata: { label: 'sky' } }, ...noise], {
    namespace,
  });
  await client.vectors.upsert([{ id: 'checks', vector: embedding }], { namespace });
  expect(await client.vectors.count({ namespace })).toBe(152);
  const ids: string[] = [];
  for await (const { id } of client.vectors.list({ namespace })) ids.push(id);
  expect(ids.toSorted()).toEqual(['checks', ...noise.map(({ id }) => id), 'sky'].toSorted());
  expect((await client.vectors.get('checks', { namespace })).embedding).toEqual(embedding.embedding);

  const [one, two] = await client.search([sky, checks], { namespace, topK: 1 });
  expect(one?.matches).toMatchObject([{ id: 'sky', metadata: { label: 'sky' } }]);
  expect(two?.matches).toMatchObject([{ id: 'checks', metadata: {} }]);
  const filter = { label: 'sky' };
  expect((await client.search(embedding, { namespace, filter })).matches.map(({ id }) => id)).toEqual([
    'sky',
  ]);
  expect((await client.search({ id: 'sky' }, { namespace, filter })).matches).toEqual([]);

  await client.vectors.delete('sky', { namespace });
  await client.vectors.clear({ namespace });
  expect(await client.vectors.count({ namespace })).toBe(0);
});

test('classifies with classes of one’s own, and by neighbours', async () => {
  await client.classes.create('mine', { sky: [sky, sky], checks: [checks] });
  expect((await client.classes.list()).map(({ name }) => name)).toContain('mine');
  const { predictions } = await client.classify(checks, { classes: 'mine' });
  expect(predictions.map(({ label }) => label)).toEqual(['checks', 'sky']);
  await client.vectors.upsert([{ id: 'a', vector: sky, metadata: { label: 'sky' } }], {
    namespace: 'voters',
  });
  const [answer] = await client.classify([checks], { method: 'neighbors', namespace: 'voters' });
  expect(answer?.predictions).toEqual([{ label: 'sky', index: -1, score: 1 }]);
  await client.classes.delete('mine');
});

test.each([
  ['a vector that is not there', VectorNotFoundError, () => client.vectors.get('nobody')],
  ['a set that is not there', ClassesNotFoundError, () => client.classify(sky, { classes: 'nobody' })],
  ['a vector of another length', ModelMismatchError, () => client.search([1, 2, 3])],
  ['an empty body', InvalidImageError, () => client.classify(new Blob([]))],
  ['a cut image', InvalidImageError, () => client.embed(sky.subarray(0, 40))],
  ['text', UnsupportedMediaTypeError, () => client.classify(new Blob(['just words, not an image at all']))],
  ['an unknown model', ModelNotFoundError, () => createClient({ url: hosted.url, model: 'no' }).embed(sky)],
  ['an unknown model’s manifest', ModelNotFoundError, () => client.models.get('no')],
  ['topK 0', InvalidParameterError, () => client.classify(sky, { topK: 0 })],
])('%s is a typed error', async (_, Class, call: () => Promise<unknown>) => {
  const error: UnlabelApiError = await call().then(
    () => expect.fail('no error'),
    (error) => error,
  );
  expect(error).toBeInstanceOf(Class);
  expect(error.requestId).toBeTruthy();
  expect(error.requestId).toBe(error.headers.get('x-request-id'));
  expect(error.problem).toMatchObject({ status: error.status, code: error.code, detail: error.message });
  if (Class === InvalidParameterError) expect(error.field).toBe('topK');
});
