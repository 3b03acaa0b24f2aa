import { expect, test } from 'vitest';
import { createClient, type ImageSource, type SearchQuery, UnlabelApiError } from '../../src/index.ts';
import { encodeFloat32 } from '../../src/util/float32.ts';
import { type Behaviour, json, type Received, serve } from './serve.ts';

const model = { name: 'm', version: '1.0.0' };
const found = {
  model,
  source: 'hosted',
  device: 'wasm',
  matches: [{ id: 'a', score: 0.5, metadata: { n: 1 } }],
};
const vector = Float32Array.of(1, -2, 0.1);
const packed = encodeFloat32(vector);
const bodyOf = ({ body }: Received) => JSON.parse(body.toString());
const parametersOf = ({ url }: Received) => Object.fromEntries(url.searchParams);

test.each<[string, SearchQuery<ImageSource>, unknown]>([
  ['a Float32Array', vector, { vector: packed }],
  ['an array of numbers', Array.from(vector), { vector: packed }],
  ['an answer of embed', { model, embedding: vector }, { vector: packed, model }],
  ['an id', { id: 'a/b' }, { id: 'a/b' }],
])('%s is searched for as JSON', async (_, query, body) => {
  const { url, received } = await serve(json(found));
  const answer = await createClient({ url, model: 'm' }).search(query, {
    topK: 3,
    namespace: 'n',
    filter: { n: { gt: 0 } },
    timeout: 5000,
  });
  expect(answer).toEqual(found);
  expect(received).toMatchObject([{ method: 'POST', headers: { 'content-type': 'application/json' } }]);
  expect(received.map(bodyOf)).toEqual([body]);
  expect(received[0]?.url.pathname).toBe('/v1/search');
  expect(received.map(parametersOf)).toEqual([
    { model: 'm', topK: '3', namespace: 'n', filter: '{"n":{"gt":0}}' },
  ]);
});

test('an image is searched for as its bytes, and several in one request', async () => {
  const { matches, ...rest } = found;
  const { url, received } = await serve(
    json(found),
    json({ ...rest, results: [{ matches }, { matches: [] }] }),
  );
  const client = createClient({ url });
  const bytes = new Uint8Array([1, 2, 3]);
  expect(await client.search(bytes)).toEqual(found);
  expect(received[0]?.body).toEqual(Buffer.from(bytes));
  expect(await client.search([bytes, bytes])).toEqual([found, { ...rest, matches: [] }]);
  expect(received[1]?.headers['content-type']).toMatch(/^multipart/);
  expect(await client.search([])).toEqual([]);
});

/** Embeds each image as its first byte, and takes everything else. */
const service: Behaviour = async (response, request) => {
  if (request.url.pathname !== '/v1/embeddings')
    return json({ namespace: 'n', model, upserted: JSON.parse(`${request.body}`).vectors?.length })(
      response,
      request,
    );
  const form = await new Response(request.body, {
    headers: { 'content-type': request.headers['content-type'] ?? '' },
  }).formData();
  const results = await Promise.all(
    form.getAll('files').map(async (file) => {
      const [first] = new Uint8Array(await (file as File).arrayBuffer());
      return { embedding: encodeFloat32([first ?? 0]), dimensions: 1 };
    }),
  );
  json({ model, source: 'hosted', device: 'wasm', results })(response, request);
};

test('images and vectors are stored together, a hundred a request, in order', async () => {
  const { url, received } = await serve(service);
  const items = Array.from({ length: 230 }, (_, i) => ({
    id: `${i}`,
    vector: i % 2 ? new Uint8Array([i]) : Float32Array.of(i),
    ...(i === 0 && { metadata: { label: 'first' } }),
  }));
  await createClient({ url, model: 'm' }).vectors.upsert(items, { namespace: 'n' });
  const puts = received.filter(({ method }) => method === 'PUT');
  expect(puts.map(parametersOf)).toEqual([{ model: 'm' }, { model: 'm' }, { model: 'm' }]);
  const bodies = puts.map(bodyOf);
  expect(bodies.map(({ namespace, vectors }) => [namespace, vectors.length])).toEqual([
    ['n', 100],
    ['n', 100],
    ['n', 30],
  ]);
  expect(bodies.flatMap(({ vectors }) => vectors)).toEqual(
    items.map(({ id, metadata }, i) => ({
      id,
      ...(metadata && { metadata }),
      vector: encodeFloat32([i]),
      // Which model embedded an image is known, and sent along.
      ...(i % 2 && { model }),
    })),
  );
});

test('nothing to store needs no request', async () => {
  await createClient({ url: 'http://127.0.0.1:1', maxRetries: 0 }).vectors.upsert([]);
});

test('a list reads pages as they are needed, and stops with the reader', async () => {
  const pages = [['a', 'b'], ['c', 'd'], ['e']];
  const behaviour: Behaviour = (response, request) => {
    const page = Number(request.url.searchParams.get('cursor') ?? 0);
    const vectors = pages[page]?.map((id) => ({ id, metadata: {} }));
    json({ namespace: 'n', count: 5, vectors, ...(page < 2 && { cursor: `${page + 1}` }) })(
      response,
      request,
    );
  };
  const { url, received } = await serve(behaviour);
  const { vectors } = createClient({ url });
  const ids: string[] = [];
  for await (const { id } of vectors.list({ namespace: 'n' })) ids.push(id);
  expect(ids).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(received.map(parametersOf)).toEqual([
    { namespace: 'n', limit: '1000' },
    { namespace: 'n', limit: '1000', cursor: '1' },
    { namespace: 'n', limit: '1000', cursor: '2' },
  ]);
  for await (const { id } of vectors.list()) if (id === 'b') break;
  expect(received).toHaveLength(4);
  expect(await vectors.count({ namespace: 'n' })).toBe(5);
});

test.each([undefined, {}, 'photos', { namespace: '' }, { namespace: undefined }])(
  'clear(%j) names no namespace, and empties none',
  async (options) => {
    const { url, received } = await serve();
    const { vectors } = createClient({ url });
    await expect(vectors.clear(options as never)).rejects.toMatchObject({
      code: 'invalid_parameter',
      field: 'namespace',
      message: expect.stringContaining("expected { namespace: 'name' }"),
    });
    expect(received).toEqual([]);
  },
);

test('a vector is read bit by bit, and deleted by its id', async () => {
  const item = { id: 'a/b', namespace: 'n', model, metadata: { x: true }, dimensions: 3 };
  const { url, received } = await serve(json({ ...item, embedding: packed }), json({ namespace: 'n' }));
  const { vectors } = createClient({ url });
  expect(await vectors.get('a/b', { namespace: 'n' })).toEqual({ ...item, embedding: vector });
  expect(await vectors.delete('a/b', { namespace: 'n' })).toBeUndefined();
  expect(await vectors.clear({ namespace: 'n' })).toBeUndefined();
  expect(received.map(({ method, url }) => `${method} ${url.pathname}${url.search}`)).toEqual([
    'GET /v1/vectors/a%2Fb?namespace=n&encoding=base64',
    'DELETE /v1/vectors/a%2Fb?namespace=n',
    'DELETE /v1/vectors?namespace=n',
  ]);
});

test('classes are made of pictures and vectors, listed, read and deleted', async () => {
  const set = {
    name: 'my set',
    model,
    classes: [
      { label: 'cat', count: 2 },
      { label: 'dog', count: 1 },
    ],
  };
  const { url, received } = await serve(
    service,
    json(set),
    json({ sets: [set] }),
    json(set),
    json({ name: 'my set' }),
  );
  const { classes } = createClient({ url });
  const pictures = { cat: [new Uint8Array([3]), vector], dog: [new Uint8Array([4])] };
  expect(await classes.create('my set', pictures)).toEqual(set);
  expect(bodyOf(received[1] as Received)).toEqual({
    classes: {
      cat: [{ vector: encodeFloat32([3]), model }, { vector: packed }],
      dog: [{ vector: encodeFloat32([4]), model }],
    },
  });
  expect(await classes.list()).toEqual([set]);
  expect(await classes.get('my set')).toEqual(set);
  expect(await classes.delete('my set')).toBeUndefined();
  expect(received.slice(1).map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
    'PUT /v1/classes/my%20set',
    'GET /v1/classes',
    'GET /v1/classes/my%20set',
    'DELETE /v1/classes/my%20set',
  ]);
});

test('classification by lookup is asked for in the URL', async () => {
  const answer = {
    model,
    source: 'hosted',
    device: 'wasm',
    predictions: [{ label: 'mine', index: 0, score: 1 }],
  };
  const { url, received } = await serve(json(answer));
  const client = createClient({ url });
  const image = new Uint8Array([1]);
  expect(await client.classify(image, { classes: 'set', topK: 2 })).toEqual(answer);
  await client.classify(image, { method: 'neighbors', namespace: 'n', k: 7, timeout: 1000 });
  expect(received.map(parametersOf)).toEqual([
    { classes: 'set', topK: '2' },
    { method: 'neighbors', namespace: 'n', k: '7' },
  ]);
});

test.each<[string, unknown, (client: ReturnType<typeof createClient>) => Promise<unknown>]>([
  ['no matches', { model }, (client) => client.search(vector)],
  ['odd matches', { model, matches: [{ id: 1, score: 1 }] }, (client) => client.search(vector)],
  ['no vectors', { count: 1 }, (client) => client.vectors.list().next()],
  ['no count', { vectors: [] }, (client) => client.vectors.count()],
  ['no embedding', { dimensions: 1 }, (client) => client.vectors.get('a')],
  ['other dimensions', { embedding: packed, dimensions: 2 }, (client) => client.vectors.get('a')],
  ['no sets', {}, (client) => client.classes.list()],
  ['an odd set', { name: 'a' }, (client) => client.classes.get('a')],
  ['null', null, (client) => client.classes.create('a', { a: [vector] })],
])('a success with %s is a typed error', async (_, body, call) => {
  const { url } = await serve(json(body));
  const error = await call(createClient({ url, maxRetries: 0 })).catch((error) => error);
  expect(error).toBeInstanceOf(UnlabelApiError);
  expect(error).toMatchObject({ code: 'internal_error', status: 200 });
});
