import { expect, test } from 'vitest';
import {
  type Client,
  createClient,
  InvalidImageError,
  InvalidParameterError,
  type UnlabelApiError,
} from '../../src/index.ts';
import { encodeFloat32 } from '../../src/util/float32.ts';
import { type Behaviour, images, json, problem, type Received, serve } from './serve.ts';

const answer = { model: { name: 'm', version: '1.0.0' }, source: 'hosted', device: 'wasm' };
const good = new Uint8Array([1]);
const bad = new Uint8Array([255]);

/** As the service: names the first bad picture or vector by its place in the request. */
const service: Behaviour = async (response, request) => {
  const type = request.headers['content-type'] ?? '';
  const refuse = (code: string, field: string) =>
    problem(code === 'invalid_image' ? 400 : 422, code, { field, detail: 'The reason' })(response, request);
  if (type.startsWith('multipart/')) {
    const files = await images(request);
    const place = files.findIndex(([first]) => first === 255);
    if (place >= 0) return refuse('invalid_image', `files[${place}]`);
    const results = files.map(() => ({
      embedding: encodeFloat32([1]),
      dimensions: 1,
      predictions: [],
      matches: [],
    }));
    return json({ ...answer, results })(response, {} as Received);
  }
  if (type.startsWith('application/json')) {
    const { vectors, classes } = JSON.parse(`${request.body}`);
    if (classes) return refuse('invalid_parameter', 'classes.dog[1].vector');
    if (!vectors) return refuse('invalid_parameter', 'vector');
    const place = vectors.findIndex(({ id }: { id: string }) => id === 'bad');
    if (place >= 0) return refuse('invalid_parameter', `vectors[${place}].metadata`);
    return json({ namespace: 'default', upserted: vectors.length })(response, request);
  }
  return refuse('invalid_image', 'image');
};

const failureOf = (call: Promise<unknown>): Promise<UnlabelApiError> =>
  call.then(
    () => expect.fail('no error'),
    (error) => error,
  );

const many = (count: number, place: number) =>
  Array.from({ length: count }, (_, i) => (i === place ? bad : good));
const items = (count: number, place: number) =>
  Array.from({ length: count }, (_, i) => ({ id: i === place ? 'bad' : `${i}`, vector: [1] }));

test.each<[string, string, (client: Client) => Promise<unknown>]>([
  ['images[40]', 'classify', (client) => client.classify(many(70, 40))],
  ['images[33]', 'embed', (client) => client.embed(many(70, 33))],
  ['queries[2]', 'search', (client) => client.search([good, good, bad])],
  [
    'items[3].vector',
    'upsert',
    (client) =>
      client.vectors.upsert(
        [[1], good, [2], bad].map((vector, i) => ({ id: `${i}`, vector: vector as number[] })),
      ),
  ],
  ['items[142].metadata', 'upsert', (client) => client.vectors.upsert(items(150, 142))],
  [
    'pictures.dog[1]',
    'classes.create',
    (client) => client.classes.create('s', { cat: [good], dog: [good, bad] }),
  ],
  ['pictures.dog[1].vector', 'classes.create', (client) => client.classes.create('s', { dog: [[1], [2]] })],
  ['queries[1].vector', 'search', (client) => client.search([good, [1]])],
])('an error of the service is about %s of %s', async (field, _, call) => {
  const { url } = await serve(service);
  const error = await failureOf(call(createClient({ url })));
  expect([InvalidImageError, InvalidParameterError]).toContain(error.constructor);
  expect(error.field).toBe(field);
  expect(error.message).toBe(`${field}: The reason`);
  expect(error.problem?.detail).toBe('The reason');
});

test('one image needs no name in the message', async () => {
  const { url } = await serve(service);
  const error = await failureOf(createClient({ url }).classify(bad));
  expect(error).toMatchObject({ field: 'image', message: 'The reason' });
});

test.each<[string, (client: Client) => Promise<unknown>]>([
  ['images[2]', (client) => client.classify([good, good, {} as Blob])],
  ['queries[1]', (client) => client.search([[1], {} as Blob, good])],
  [
    'items[3].vector',
    (client) =>
      client.vectors.upsert(
        [[1], good, [2], {} as Blob].map((vector, i) => ({ id: `${i}`, vector: vector as Blob })),
      ),
  ],
  ['pictures.dog[1]', (client) => client.classes.create('s', { cat: [good], dog: [good, {} as Blob] })],
])('%s that is no image is named so', async (field, call) => {
  const { url } = await serve(json({ ...answer, matches: [] }));
  const error = await failureOf(call(createClient({ url })));
  expect(error).toMatchObject({ code: 'invalid_image', field });
  expect(error.message).toContain(`Cannot read ${field}: `);
});
