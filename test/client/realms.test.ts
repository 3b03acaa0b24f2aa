import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createClient, type ImageSource } from '../../src/index.ts';
import { encodeFloat32 } from '../../src/util/float32.ts';
import { type Behaviour, classification, json, type Received, serve } from './serve.ts';

const bytes = Buffer.from([9, 8, 7]);

/** A Blob as test environments and polyfills have it. */
class ForeignBlob {
  readonly size = bytes.length;
  get [Symbol.toStringTag]() {
    return 'Blob';
  }
  async arrayBuffer() {
    return new Uint8Array(bytes).buffer;
  }
}

function shared(): Uint8Array<SharedArrayBuffer> {
  const array = new Uint8Array(new SharedArrayBuffer(3));
  array.set(bytes);
  return array;
}

test.each<[string, unknown]>([
  ['an ArrayBuffer of another realm', runInNewContext('new Uint8Array([9, 8, 7]).buffer')],
  ['a Uint8Array of another realm', runInNewContext('new Uint8Array([0, 9, 8, 7]).subarray(1)')],
  ['a DataView of another realm', runInNewContext('new DataView(new Uint8Array([9, 8, 7]).buffer)')],
  ['a Blob of another implementation', new ForeignBlob()],
  ['a Uint8Array of shared memory', shared()],
  ['a SharedArrayBuffer', shared().buffer],
])('%s is sent as its bytes', async (_, image) => {
  const { url, received } = await serve(json(classification));
  await createClient({ url }).classify(image as ImageSource);
  expect(received[0]?.body).toEqual(bytes);
});

const found = { model: { name: 'm', version: '1.0.0' }, source: 'hosted', device: 'wasm', matches: [] };
const vector = { vector: encodeFloat32([1, 2]) };

test.each<[string, unknown, unknown]>([
  ['a Float32Array of another realm', runInNewContext('new Float32Array([1, 2])'), vector],
  ['a Float64Array', new Float64Array([1, 2]), vector],
  ['an array of another realm', runInNewContext('[1, 2]'), vector],
  [
    'an answer of embed with another realm’s vector',
    { model: found.model, embedding: runInNewContext('new Float32Array([1, 2])') },
    { ...vector, model: found.model },
  ],
  ['an id of another realm', runInNewContext('({ id: "a" })'), { id: 'a' }],
])('%s is searched for', async (_, query, body) => {
  const { url, received } = await serve(json(found));
  await createClient({ url }).search(query as number[], { filter: runInNewContext('({ a: { eq: 1 } })') });
  expect(JSON.parse(`${received[0]?.body}`)).toEqual(body);
});

/** Finds what was asked for: the id or the first number, or the first byte of each image. */
const finder: Behaviour = async (response, request) => {
  const match = (id: unknown) => ({ matches: [{ id: `${id}`, score: 1, metadata: {} }] });
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('application/json')) {
    const { id, vector } = JSON.parse(`${request.body}`);
    const number = vector && Buffer.from(vector, 'base64').readFloatLE();
    return json({ ...found, ...match(id ?? number) })(response, request);
  }
  const form = await new Response(request.body, { headers: { 'content-type': type } }).formData();
  const files = form.getAll('files') as File[];
  const results = await Promise.all(
    files.map(async (file) => match(new Uint8Array(await file.arrayBuffer())[0])),
  );
  json({ ...found, results })(response, {} as Received);
};

test('an array of vectors, ids and images is searched for in order', async () => {
  const { url, received } = await serve(finder);
  const client = createClient({ url });
  const idsOf = (results: { matches: { id: string }[] }[]) => results.map(({ matches }) => matches[0]?.id);
  const image = (first: number) => new Uint8Array([first]);
  expect(idsOf(await client.search([image(7), [1, 0], { id: 'a' }, image(8), Float32Array.of(2)]))).toEqual([
    '7',
    '1',
    'a',
    '8',
    '2',
  ]);
  expect(received).toHaveLength(4);
  expect(idsOf(await client.search([Float32Array.of(3), new Float64Array([4])]))).toEqual(['3', '4']);
});
