import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { randomVector, seededRandom } from '../../scripts/harness/inputs/random-vectors.ts';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';
import { errorCodes } from '../../src/contract/error-codes.ts';
import type { Problem } from '../../src/contract/errors.ts';
import type { SearchResult } from '../../src/contract/vectors.ts';
import type { ClassSetItem, VectorItem, VectorList } from '../../src/contract/wire.ts';
import { encodeFloat32 } from '../../src/util/float32.ts';
import { LoadedIndex } from '../../src/vectors/loaded-index.ts';

let hosted: Hosted;
beforeAll(async () => {
  hosted = await startHosted();
});
afterAll(() => hosted?.stop());

const sky = drawPng(32, 32, (_, y) => [90, 140, 200 + y]);
const checks = drawPng(32, 32, (x, y) => ((x ^ y) & 8 ? [220, 60, 20] : [20, 60, 30]));
const leaf = drawPng(32, 32, (x, y) => [x * 4, 120 + y * 4, 20]);
const base64 = (png: Uint8Array) => Buffer.from(png).toString('base64');
const random = seededRandom(1);
const numbers = () => Array.from(randomVector(random, 128));

function call(method: string, path: string, body?: unknown): Promise<Response> {
  const isBytes = body instanceof Uint8Array;
  return fetch(`${hosted.url}${path}`, {
    method,
    ...(body !== undefined && {
      body: isBytes ? new Blob([body as Uint8Array<ArrayBuffer>]) : JSON.stringify(body),
    }),
    ...(body !== undefined && !isBytes && { headers: { 'content-type': 'application/json' } }),
  });
}

async function ok<T>(answer: Promise<Response>): Promise<T> {
  const response = await answer;
  const body = await response.json();
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body as T;
}

async function expectProblem(
  answer: Response,
  code: keyof typeof errorCodes,
  field?: string,
): Promise<Problem> {
  const problem = (await answer.json()) as Problem;
  expect(problem, JSON.stringify(problem)).toMatchObject({ code, status: errorCodes[code][0] });
  expect(problem.field).toBe(field);
  return problem;
}

test('images that are stored are found by image, by vector and by id, in every form of request', async () => {
  const stored = await ok(
    call('PUT', '/v1/vectors', {
      namespace: 'photos',
      vectors: [
        { id: 'sky', image: base64(sky), metadata: { label: 'sky', year: 2020 } },
        { id: 'checks/1', image: base64(checks), metadata: { label: 'pattern', year: 2024 } },
        { id: 'leaf', image: base64(leaf) },
      ],
    }),
  );
  expect(stored).toEqual({
    namespace: 'photos',
    model: { name: 'cifar10', version: expect.any(String) },
    upserted: 3,
  });

  const bytes = await ok<SearchResult>(call('POST', '/v1/search?namespace=photos&topK=2', checks));
  expect(bytes).toMatchObject({ model: { name: 'cifar10' }, source: 'hosted', device: 'wasm' });
  expect(bytes.matches).toHaveLength(2);
  expect(bytes.matches[0]).toMatchObject({ id: 'checks/1', metadata: { label: 'pattern', year: 2024 } });
  expect(bytes.matches[0]?.score).toBeCloseTo(1, 5);

  const json = { namespace: 'photos', topK: 2 };
  expect(await ok(call('POST', '/v1/search', { ...json, image: base64(checks) }))).toEqual(bytes);
  const batch = await ok<{ results: unknown[] }>(
    call('POST', '/v1/search', { ...json, images: [base64(sky), base64(checks)] }),
  );
  expect(batch.results).toHaveLength(2);
  expect(batch.results[1]).toEqual({ matches: bytes.matches });

  const item = await ok<VectorItem>(call('GET', '/v1/vectors/checks%2F1?namespace=photos'));
  expect(item).toMatchObject({
    id: 'checks/1',
    namespace: 'photos',
    dimensions: 128,
    metadata: { year: 2024 },
  });
  expect(await ok(call('POST', '/v1/search', { ...json, vector: item.embedding }))).toEqual(bytes);
  const packed = await ok<VectorItem>(call('GET', '/v1/vectors/checks%2F1?namespace=photos&encoding=base64'));
  expect(packed.embedding).toBe(encodeFloat32(item.embedding as number[]));
  expect(await ok(call('POST', '/v1/search', { ...json, vector: packed.embedding }))).toEqual(bytes);

  const alike = await ok<SearchResult>(call('POST', '/v1/search', { ...json, id: 'checks/1' }));
  expect(alike.matches[0]).toEqual(bytes.matches[1]);
  expect(alike.matches.map(({ id }) => id).toSorted()).toEqual(['leaf', 'sky']);

  const ids = async (filter: unknown) => {
    const inBody = await ok<SearchResult>(
      call('POST', '/v1/search', { namespace: 'photos', filter, id: 'leaf' }),
    );
    const query = new URLSearchParams({ namespace: 'photos', filter: JSON.stringify(filter) });
    const inQuery = await ok<SearchResult>(call('POST', `/v1/search?${query}`, { id: 'leaf' }));
    expect(inQuery).toEqual(inBody);
    return inBody.matches.map(({ id }) => id).toSorted();
  };
  expect(await ids({ label: 'sky' })).toEqual(['sky']);
  expect(await ids({ label: { in: ['sky', 'pattern'] }, year: { gt: 2020 } })).toEqual(['checks/1']);
  expect(await ids({ year: { lte: 2020 } })).toEqual(['sky']);
  expect(await ids({})).toEqual(['checks/1', 'sky']);
});

test('a namespace is listed page by page, and emptied', async () => {
  const list = (query = '') => ok<VectorList>(call('GET', `/v1/vectors?namespace=pages${query}`));
  expect(await list()).toEqual({ namespace: 'pages', count: 0, vectors: [] });
  const vectors = Array.from({ length: 100 }, (_, i) => ({
    id: `n${String(i).padStart(3, '0')}`,
    vector: numbers(),
    metadata: { i },
  }));
  await ok(call('PUT', '/v1/vectors', { namespace: 'pages', vectors }));
  const ids: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page: VectorList = await list(`&limit=30${cursor && `&cursor=${cursor}`}`);
    expect(page).toMatchObject({ count: 100, model: { name: 'cifar10' } });
    ids.push(...page.vectors.map(({ id }) => id));
    cursor = page.cursor;
  }
  expect(ids).toEqual(vectors.map(({ id }) => id));

  expect(await ok(call('DELETE', '/v1/vectors/n050?namespace=pages'))).toEqual({ namespace: 'pages' });
  expect(await ok(call('DELETE', '/v1/vectors/n050?namespace=pages'))).toEqual({ namespace: 'pages' });
  await expectProblem(await call('GET', '/v1/vectors/n050?namespace=pages'), 'vector_not_found', 'id');
  expect((await list()).count).toBe(99);
  await expectProblem(await call('DELETE', '/v1/vectors'), 'invalid_parameter', 'namespace');
  await ok(call('DELETE', '/v1/vectors?namespace=pages'));
  expect((await list()).count).toBe(0);
});

test('the exported index answers as the namespace does, and its ETag changes with every write', async () => {
  const write = (id: string) =>
    ok(
      call('PUT', '/v1/vectors', {
        namespace: 'export',
        vectors: [{ id, vector: numbers(), metadata: { id } }],
      }),
    );
  await expectProblem(await call('GET', '/v1/index/export'), 'not_found', 'namespace');
  for (const id of ['a', 'b', 'c']) await write(id);
  const answer = await call('GET', '/v1/index/export');
  const index = new LoadedIndex(new Uint8Array(await answer.arrayBuffer()));
  expect(index.model).toMatchObject({ name: 'cifar10', dimensions: 128 });
  const vector = numbers();
  const hosted_ = await ok<SearchResult>(call('POST', '/v1/search', { namespace: 'export', vector }));
  expect(index.search({ model: index.model, vector: Float32Array.from(vector) }, { topK: 10 })).toEqual(
    hosted_.matches,
  );

  const etag = answer.headers.get('etag') ?? '';
  const again = (tag: string) =>
    fetch(`${hosted.url}/v1/index/export`, { headers: { 'if-none-match': tag } });
  expect((await again(etag)).status).toBe(304);
  expect((await again('"other"')).status).toBe(200);
  await write('a');
  const changed = await again(etag);
  expect(changed.status).toBe(200);
  expect(changed.headers.get('etag')).not.toBe(etag);
});

test('vectors of another model, version or length are refused by name', async () => {
  const vector = numbers();
  await ok(call('PUT', '/v1/vectors', { namespace: 'bound', vectors: [{ id: 'a', vector }] }));
  const { version } = (await ok<VectorItem>(call('GET', '/v1/vectors/a?namespace=bound'))).model;
  for (const [path, body] of [
    ['/v1/search', (more: object) => ({ namespace: 'bound', ...more })],
    ['/v1/vectors', (more: object) => ({ namespace: 'bound', vectors: [{ id: 'b', ...more }] })],
  ] as const) {
    const send = (more: object) => call(path === '/v1/search' ? 'POST' : 'PUT', path, body(more));
    const old = await expectProblem(
      await send({ vector, model: { name: 'cifar10', version: '0.0.1' } }),
      'model_mismatch',
      'model',
    );
    expect(old.detail).toContain(`cifar10 ${version} with 128`);
    expect(old.detail).toContain('cifar10 0.0.1 with 128');
    await expectProblem(await send({ vector, model: { name: 'clip', version } }), 'model_mismatch', 'model');
    const short = await expectProblem(await send({ vector: [1, 2, 3] }), 'model_mismatch', 'model');
    expect(short.detail).toContain('with 3 dimensions');
    await expectProblem(
      await send({ vector, model: { name: 'clip' } }),
      'invalid_parameter',
      path === '/v1/search' ? 'model.version' : 'vectors[0].model.version',
    );
  }
  // Vectors from elsewhere have a namespace of their own.
  const clip = { name: 'clip', version: '1' };
  await ok(
    call('PUT', '/v1/vectors', { namespace: 'clip', vectors: [{ id: 'a', vector: [1, 2, 3], model: clip }] }),
  );
  const found = await ok<SearchResult>(
    call('POST', '/v1/search', { namespace: 'clip', vector: [1, 2, 3], model: clip }),
  );
  expect(found).toMatchObject({ model: clip, matches: [{ id: 'a', score: 1 }] });
  await expectProblem(await call('POST', '/v1/search?namespace=clip', sky), 'model_mismatch', 'model');
  expect((await ok<VectorList>(call('GET', '/v1/vectors?namespace=bound'))).count).toBe(1);
});

const good = { id: 'a', vector: numbers() };
const put = (vectors: unknown, more: object = {}) => ['PUT', '/v1/vectors', { vectors, ...more }] as const;
const post = (body: unknown) => ['POST', '/v1/search', body] as const;

test.each<
  [
    string,
    readonly [method: string, path: string, body?: unknown],
    keyof typeof errorCodes,
    string | undefined,
  ]
>([
  ['no vectors', put([]), 'invalid_parameter', 'vectors'],
  [
    '101 vectors',
    put(Array.from({ length: 101 }, (_, i) => ({ ...good, id: `${i}` }))),
    'invalid_parameter',
    'vectors',
  ],
  ['the same id twice', put([good, good]), 'invalid_parameter', 'vectors[1].id'],
  ['an empty id', put([{ ...good, id: '' }]), 'invalid_parameter', 'vectors[0].id'],
  ['an id that a URL cannot carry', put([{ ...good, id: '..' }]), 'invalid_parameter', 'vectors[0].id'],
  ['a long id', put([{ ...good, id: 'é'.repeat(33) }]), 'invalid_parameter', 'vectors[0].id'],
  ['half a surrogate pair', put([{ ...good, id: '\ud800' }]), 'invalid_parameter', 'vectors[0].id'],
  ['neither vector nor image', put([{ id: 'a' }]), 'invalid_parameter', 'vectors[0].vector'],
  [
    'zeros',
    put([good, { id: 'b', vector: new Array(128).fill(0) }]),
    'invalid_parameter',
    'vectors[1].vector',
  ],
  ['numbers beyond float32', put([{ id: 'a', vector: [1e39] }]), 'invalid_parameter', 'vectors[0].vector'],
  ['base64 that is no vector', put([{ id: 'a', vector: '!' }]), 'invalid_parameter', 'vectors[0].vector'],
  [
    'NaN as base64',
    put([{ id: 'a', vector: encodeFloat32([Number.NaN]) }]),
    'invalid_parameter',
    'vectors[0].vector',
  ],
  [
    'too many numbers',
    put([{ id: 'a', vector: new Array(1537).fill(1) }]),
    'invalid_parameter',
    'vectors[0].vector',
  ],
  [
    'an image that is none',
    put([{ id: 'a', image: 'aGVsbG8=' }]),
    'unsupported_media_type',
    'vectors[0].image',
  ],
  ['nested metadata', put([{ ...good, metadata: { a: {} } }]), 'invalid_parameter', 'vectors[0].metadata.a'],
  [
    'a metadata key with a dot',
    put([{ ...good, metadata: { 'a.b': 1 } }]),
    'invalid_parameter',
    'vectors[0].metadata.a.b',
  ],
  [
    'the metadata key __proto__',
    put([{ ...good, metadata: JSON.parse('{"__proto__":1}') }]),
    'invalid_parameter',
    '__proto__',
  ],
  [
    'long metadata',
    put([{ ...good, metadata: { a: 'x'.repeat(2048) } }]),
    'invalid_parameter',
    'vectors[0].metadata',
  ],
  ['another member', put([{ ...good, extra: 1 }]), 'invalid_parameter', 'vectors[0]'],
  ['a namespace with a slash', put([good], { namespace: 'a/b' }), 'invalid_parameter', 'namespace'],
  ['an unknown model', ['PUT', '/v1/vectors?model=no', { vectors: [good] }], 'model_not_found', 'model'],
  ['broken JSON', ['PUT', '/v1/vectors', new Uint8Array([123])], 'invalid_request', undefined],
  ['topK=101', ['POST', '/v1/search?topK=101', sky], 'invalid_parameter', 'topK'],
  ['topK in the body', post({ id: 'a', topK: 0 }), 'invalid_parameter', 'topK'],
  ['a filter that is no JSON', ['POST', '/v1/search?filter=label', sky], 'invalid_parameter', 'filter'],
  [
    'a filter with an unknown operator',
    post({ id: 'a', filter: { a: { like: 'x' } } }),
    'invalid_parameter',
    'filter.a',
  ],
  ['a filter without an operator', post({ id: 'a', filter: { a: {} } }), 'invalid_parameter', 'filter.a'],
  ['gt and gte', post({ id: 'a', filter: { a: { gt: 1, gte: 2 } } }), 'invalid_parameter', 'filter.a'],
  [
    'a filter by __proto__',
    post({ id: 'a', filter: JSON.parse('{"__proto__":"x"}') }),
    'invalid_parameter',
    '__proto__',
  ],
  [
    'a filter by __proto__ in the query',
    ['POST', '/v1/search?filter={"__proto__":1}', sky],
    'invalid_parameter',
    '__proto__',
  ],
  ['an id that is not there', post({ id: 'nobody' }), 'vector_not_found', 'id'],
  ['a search for nothing', post({ topK: 3 }), 'invalid_parameter', 'image'],
  ['a cursor of our own', ['GET', '/v1/vectors?cursor=%25'], 'invalid_parameter', 'cursor'],
  ['limit=1001', ['GET', '/v1/vectors?limit=1001'], 'invalid_parameter', 'limit'],
  [
    'a class by the name of __proto__',
    ['PUT', '/v1/classes/c', { classes: JSON.parse('{"__proto__":[],"b":[]}') }],
    'invalid_parameter',
    '__proto__',
  ],
  ['an empty set of classes', ['PUT', '/v1/classes/c', { classes: {} }], 'invalid_parameter', 'classes'],
  [
    'a class without pictures',
    ['PUT', '/v1/classes/c', { classes: { a: [] } }],
    'invalid_parameter',
    'classes.a',
  ],
  [
    'a class whose vectors cancel out',
    [
      'PUT',
      '/v1/classes/c',
      { classes: { a: [{ vector: good.vector }, { vector: good.vector.map((x) => -x) }] } },
    ],
    'invalid_parameter',
    'classes.a',
  ],
  ['a set that is not there', ['POST', '/v1/classify?classes=nobody', sky], 'classes_not_found', 'classes'],
  [
    'classes and neighbors',
    ['POST', '/v1/classify?classes=c&method=neighbors', sky],
    'invalid_parameter',
    'classes',
  ],
  [
    'an empty gallery',
    ['POST', '/v1/classify?method=neighbors&namespace=none', sky],
    'invalid_parameter',
    'namespace',
  ],
  ['k=0', ['POST', '/v1/classify?method=neighbors&k=0', sky], 'invalid_parameter', 'k'],
])('%s is refused with a problem', async (_, [method, path, body], code, field) => {
  await expectProblem(await call(method, path, body), code, field);
  expect((await ok<VectorList>(call('GET', '/v1/vectors'))).count).toBe(0);
});

test('a few pictures make classes of one’s own', async () => {
  const picture = (png: Uint8Array) => ({ image: base64(png) });
  const set = await ok<ClassSetItem>(
    call('PUT', '/v1/classes/mine', {
      classes: { blue: [picture(sky), picture(sky)], green: [picture(leaf)] },
    }),
  );
  expect(set).toEqual({
    name: 'mine',
    model: { name: 'cifar10', version: expect.any(String) },
    classes: [
      { label: 'blue', count: 2 },
      { label: 'green', count: 1 },
    ],
  });
  expect(await ok(call('GET', '/v1/classes/mine'))).toEqual(set);
  expect(await ok(call('GET', '/v1/classes'))).toEqual({ sets: [set] });

  type Answer = { predictions: { label: string; index: number; score: number }[] };
  const answer = await ok<Answer>(call('POST', '/v1/classify?classes=mine', leaf));
  expect(answer).toMatchObject({
    model: set.model,
    source: 'hosted',
    predictions: [
      { label: 'green', index: 1 },
      { label: 'blue', index: 0 },
    ],
  });
  expect(answer.predictions.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 6);

  const other = { vector: numbers(), model: { name: 'cifar10', version: '0.0.1' } };
  await ok(call('PUT', '/v1/classes/mine', { classes: { old: [other] } }));
  await expectProblem(await call('POST', '/v1/classify?classes=mine', leaf), 'model_mismatch', 'model');
  expect(await ok(call('DELETE', '/v1/classes/mine'))).toEqual({ name: 'mine' });
  await expectProblem(await call('GET', '/v1/classes/mine'), 'classes_not_found', 'classes');
});

test('the labels of the nearest vectors vote', async () => {
  const images = { sky, checks, leaf };
  await ok(
    call('PUT', '/v1/vectors', {
      namespace: 'voters',
      vectors: Object.entries(images).map(([id, png]) => ({
        id,
        image: base64(png),
        metadata: { label: id === 'sky' ? 'ship' : 'zebra' },
      })),
    }),
  );
  const path = '/v1/classify?method=neighbors&namespace=voters';
  const nearest = await ok(call('POST', `${path}&k=1`, sky));
  expect(nearest).toMatchObject({ predictions: [{ label: 'ship', index: 8, score: 1 }] });
  const batch = await ok(call('POST', path, { images: [base64(sky), base64(leaf)] }));
  expect(batch).toMatchObject({
    results: [
      { predictions: [{ label: 'ship' }, { label: 'zebra', index: -1 }] },
      { predictions: [{ label: 'zebra' }, { label: 'ship' }] },
    ],
  });
});

test('many writers and readers at once see whole writes', async () => {
  const write = (batch: number) =>
    ok(
      call('PUT', '/v1/vectors', {
        namespace: 'busy',
        vectors: Array.from({ length: 20 }, (_, i) => ({
          id: `${batch}-${i}`,
          vector: numbers(),
          metadata: { batch },
        })),
      }),
    );
  const read = async () => {
    const { count } = await ok<VectorList>(call('GET', '/v1/vectors?namespace=busy'));
    expect(count % 20).toBe(0);
    const vector = numbers();
    const { matches } = await ok<SearchResult>(
      call('POST', '/v1/search', { namespace: 'busy', vector, topK: 100 }),
    );
    expect(matches.length % 20).toBe(0);
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? read() : write(i))));
  expect((await ok<VectorList>(call('GET', '/v1/vectors?namespace=busy'))).count).toBe(200);
});
