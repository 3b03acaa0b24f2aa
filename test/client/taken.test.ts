import { expect, test } from 'vitest';
import { createClient } from '../../src/index.ts';
import { encodeFloat32 } from '../../src/util/float32.ts';
import { type Behaviour, classification, images, json, type Received, serve } from './serve.ts';

const model = { name: 'm', version: '1.0.0' };
const answer = { model, source: 'hosted', device: 'wasm' };
const bodyOf = (request: Received | undefined) => JSON.parse(`${request?.body}`);

/** Embeds each image as its first byte; says that everything is stored, and finds nothing. */
const service: Behaviour = async (response, request) => {
  const { pathname } = request.url;
  if (pathname === '/v1/embeddings') {
    const results = (await images(request)).map(([first]) => ({
      embedding: encodeFloat32([first ?? 0]),
      dimensions: 1,
    }));
    return json({ ...answer, results })(response, request);
  }
  if (pathname === '/v1/search') return json({ ...answer, matches: [] })(response, request);
  if (pathname.startsWith('/v1/classes/'))
    return json({ name: 'set', model, classes: [{ label: 'a', count: 2 }] })(response, request);
  json({ namespace: 'default', model, upserted: bodyOf(request).vectors?.length })(response, request);
};

const pixels = (first: number) => new Uint8Array([first, 2, 3]);

test.each<[string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> | ArrayBuffer]>([
  ['a Uint8Array', (bytes) => bytes],
  ['an ArrayBuffer', (bytes) => bytes.buffer],
])('%s that is written to after the call is sent as it was', async (_, imageOf) => {
  const { url, received } = await serve(json(classification));
  const bytes = pixels(1);
  const call = createClient({ url }).classify(imageOf(bytes));
  bytes.fill(9);
  await call;
  expect(received[0]?.body).toEqual(Buffer.from([1, 2, 3]));
});

test('a buffer that is transferred after the call is sent as it was', async () => {
  const { url, received } = await serve(json(classification));
  const bytes = pixels(1);
  const call = createClient({ url }).classify(bytes);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  await call;
  expect(received[0]?.body).toEqual(Buffer.from([1, 2, 3]));
});

test('an array that changes after the call is embedded as it was, beyond the first request too', async () => {
  const { url } = await serve(service);
  const list = Array.from({ length: 40 }, (_, i) => pixels(i));
  const call = createClient({ url }).embed(list);
  for (const bytes of list) bytes.fill(99);
  list.length = 1;
  expect((await call).map(({ embedding }) => embedding[0])).toEqual(Array.from({ length: 40 }, (_, i) => i));
});

test('vectors, images, ids and metadata that change after the call are stored as they were', async () => {
  const { url, received } = await serve(service);
  const vector = Float32Array.of(1);
  const bytes = pixels(2);
  const metadata = { label: 'before' };
  const items = [
    { id: 'a', vector, metadata },
    { id: 'b', vector: bytes },
  ];
  const call = createClient({ url }).vectors.upsert(items);
  vector.fill(9);
  bytes.fill(9);
  metadata.label = 'after';
  for (const item of items) item.id = 'after';
  items.length = 1;
  await call;
  expect(bodyOf(received.at(-1)).vectors).toEqual([
    { id: 'a', vector: encodeFloat32([1]), metadata: { label: 'before' } },
    { id: 'b', vector: encodeFloat32([2]), model },
  ]);
});

test('pictures of classes that change after the call are sent as they were', async () => {
  const { url, received } = await serve(service);
  const pictures: Record<string, (Float32Array | Uint8Array)[]> = { a: [Float32Array.of(1), pixels(2)] };
  const call = createClient({ url }).classes.create('set', pictures);
  for (const picture of pictures.a ?? []) picture.fill(9);
  pictures.a?.pop();
  pictures.b = [Float32Array.of(3)];
  await call;
  expect(bodyOf(received.at(-1)).classes).toEqual({
    a: [{ vector: encodeFloat32([1]) }, { vector: encodeFloat32([2]), model }],
  });
});

test('a vector and a filter that change after the call are searched for as they were', async () => {
  const { url, received } = await serve(service);
  const vector = new Float64Array([1]);
  const filter = { label: { in: ['a'] } };
  const call = createClient({ url }).search(vector, { filter });
  vector.fill(9);
  filter.label.in.push('b');
  await call;
  expect(bodyOf(received[0])).toEqual({ vector: encodeFloat32([1]) });
  expect(received[0]?.url.searchParams.get('filter')).toBe('{"label":{"in":["a"]}}');
});
