import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { limits } from '../../src/contract/limits.ts';
import { createClient } from '../../src/index.ts';
import { classification, classifies, images, json, problem, serve } from './serve.ts';

const bytes = new Uint8Array([9, 8, 7, 6]);
const octets = 'application/octet-stream';

test.each([
  ['an ArrayBuffer', bytes.buffer],
  ['a Uint8Array amid its buffer', new Uint8Array([0, ...bytes, 0]).subarray(1, 5)],
  ['a DataView', new DataView(new Uint8Array([0, ...bytes]).buffer, 1)],
  ['a Buffer', Buffer.from(bytes)],
  ['a Blob', new Blob([bytes], { type: 'text/html' })],
  ['a File', new File([bytes], 'private name.jpg', { type: 'image/jpeg' })],
])('%s is sent as raw bytes', async (_, image) => {
  const { url, received } = await serve(json(classification));
  expect(await createClient({ url }).classify(image)).toEqual(classification);
  expect(received).toMatchObject([{ method: 'POST', body: Buffer.from(bytes) }]);
  expect(received[0]?.url.href).toBe('http://localhost/v1/classify');
  expect(received[0]?.headers).toMatchObject({ 'content-type': octets, 'content-length': '4' });
});

test('the options of client and call are in the URL and the headers', async () => {
  const { url, received } = await serve(json(classification));
  const headers = { 'x-trace': 'abc' };
  const client = createClient({ url: `${url}/mounted/here`, apiKey: 'secret', model: 'a b&c', headers });
  await client.classify(bytes, { topK: 0 });
  expect(received[0]?.url.pathname).toBe('/mounted/here/v1/classify');
  expect(Object.fromEntries(received[0]?.url.searchParams ?? [])).toEqual({ model: 'a b&c', topK: '0' });
  expect(received[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'x-trace': 'abc' });
});

test.each([
  ['url', { url: 'not a url' }],
  ['header', { url: 'http://localhost', headers: { 'a b': '' } }],
])('an invalid %s is refused when the client is made', (_, options) => {
  expect(() => createClient(options)).toThrow(TypeError);
});

test('fetch can be any function that answers', async () => {
  const urls: string[] = [];
  const client = createClient({
    url: 'http://service/',
    fetch: (url) => {
      urls.push(url);
      return Response.json(classification);
    },
  });
  expect(await client.classify(bytes)).toEqual(classification);
  expect(urls).toEqual(['http://service/v1/classify']);
});

test('an array is one multipart request, and its answers are in order', async () => {
  const { url, received } = await serve(classifies);
  const named = new File([new Uint8Array([2])], 'private name.jpg', { type: 'image/jpeg' });
  const answers = await createClient({ url }).classify([new Uint8Array([5]), named, new Uint8Array([4])], {
    topK: 1,
  });
  expect(answers.map(({ predictions }) => predictions[0]?.index)).toEqual([5, 2, 4]);
  expect(answers[0]).toEqual({
    ...classification,
    predictions: [{ label: 'cat', index: 5, score: 1 }],
  });
  expect(received).toHaveLength(1);
  expect(received[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
  expect(received[0]?.url.search).toBe('?topK=1');
  expect(received[0]?.body.includes('private')).toBe(false);
});

test('an array of one is a batch of one', async () => {
  const { url, received } = await serve(classifies);
  expect(await createClient({ url }).classify([new Uint8Array([5])])).toHaveLength(1);
  expect(received[0]?.headers['content-type']).toMatch(/^multipart/);
});

test('an empty array needs no request', async () => {
  const client = createClient({ url: 'http://127.0.0.1:1', maxRetries: 0 });
  expect(await client.classify([])).toEqual([]);
  expect(await client.embed([])).toEqual([]);
});

test('a long array is split at 32, at most four requests at a time, and the order is kept', async () => {
  let running = 0;
  let most = 0;
  const four = Promise.withResolvers<void>();
  const { url, received } = await serve(async (response, request) => {
    most = Math.max(most, ++running);
    // Time for a fifth, if one is on its way.
    if (running === 4) setTimeout(four.resolve, 100);
    await four.promise;
    // The first request is the slowest.
    if (request === received[0]) await delay(100);
    running--;
    classifies(response, request);
  });
  const answers = await createClient({ url }).classify(
    Array.from({ length: 200 }, (_, i) => new Uint8Array([i])),
  );
  expect(answers.map(({ predictions }) => predictions[0]?.index)).toEqual(
    Array.from({ length: 200 }, (_, i) => i),
  );
  const sizes = await Promise.all(received.map(async (request) => (await images(request)).length));
  expect(sizes.toSorted((a, b) => b - a)).toEqual([32, 32, 32, 32, 32, 32, 8]);
  expect(most).toBe(4);
});

test('images are split so that no body is over the cap', async () => {
  const { url, received } = await serve(classifies);
  const photo = new Uint8Array(3 * 1024 * 1024);
  const tooLarge = new Uint8Array(limits.bodyBytes + 1);
  await createClient({ url }).classify([photo, photo, photo, tooLarge, photo]);
  const sizes = await Promise.all(received.map(async (request) => (await images(request)).length));
  expect(sizes.toSorted()).toEqual([1, 1, 1, 2]);
  expect(received.filter(({ body }) => body.length > limits.bodyBytes)).toHaveLength(1);
});

test('the multipart around an image takes less than is set aside for it', async () => {
  const { url, received } = await serve(classifies);
  await createClient({ url }).classify(Array.from({ length: 32 }, () => new Uint8Array(1)));
  expect(received[0]?.body.length).toBeLessThan(32 * 256);
});

test('after a failed request no further one starts', async () => {
  const four = Promise.withResolvers<void>();
  const { url, received } = await serve(async (response, request) => {
    if (received.length === 4) four.resolve();
    await four.promise;
    problem(400, 'invalid_image')(response, request);
  });
  const many = Array.from({ length: 32 * 20 }, () => bytes);
  await expect(createClient({ url }).classify(many)).rejects.toMatchObject({ code: 'invalid_image' });
  await delay(50);
  expect(received).toHaveLength(4);
});

const floats = [1, -1, 0.1, 1 / 3, 2 ** -149, 3.4028234663852886e38, -0, 1e-20];
const littleEndian = Buffer.alloc(4 * floats.length);
for (const [i, float] of floats.entries()) littleEndian.writeFloatLE(float, 4 * i);
const item = { embedding: littleEndian.toString('base64'), dimensions: floats.length };

test('an embedding comes as base64 and is decoded bit by bit', async () => {
  const { model, source, device } = classification;
  const { url, received } = await serve(
    json({ model, source, device, ...item }),
    json({ model, source, device, results: [item, item] }),
  );
  const client = createClient({ url, model: 'm' });
  const expected = { model, source, device, embedding: Float32Array.from(floats), dimensions: floats.length };
  expect(await client.embed(bytes)).toEqual(expected);
  expect(await client.embed([bytes, bytes])).toEqual([expected, expected]);
  expect(received[0]?.url.pathname).toBe('/v1/embeddings');
  expect(Object.fromEntries(received[0]?.url.searchParams ?? [])).toEqual({ model: 'm', encoding: 'base64' });
});

test('models are listed and found by name', async () => {
  const manifest = { name: 'a/b', classes: [] };
  const list = { default: 'a/b', models: [manifest] };
  const { url, received } = await serve(json(list), json(manifest));
  const client = createClient({ url });
  expect(await client.models.list()).toEqual(list);
  expect(await client.models.get('a/b')).toEqual(manifest);
  expect(received.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
    'GET /v1/models',
    'GET /v1/models/a%2Fb',
  ]);
});
