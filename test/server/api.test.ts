import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';
import { errorCodes } from '../../src/contract/error-codes.ts';
import type { Problem } from '../../src/contract/errors.ts';
import { limits } from '../../src/contract/limits.ts';
import type { Manifest } from '../../src/contract/manifest.ts';
import { tensorMediaType as tensorType } from '../../src/contract/wire.ts';

let hosted: Hosted;
beforeAll(async () => {
  hosted = await startHosted();
});
afterAll(() => hosted?.stop());

const png = drawPng(32, 32, (x, y) => [8 * x, 8 * y, 255 - 8 * y]);
/** The pixels of {@link png}, as the network takes them. */
const tensor = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => {
  const [x, y] = [Math.floor(i / 3) % 32, Math.floor(i / 96)];
  return [8 * x, 8 * y, 255 - 8 * y][i % 3] as number;
});
const base64 = Buffer.from(png).toString('base64');

function call(path: string, body?: BodyInit, type?: string): Promise<Response> {
  return fetch(`${hosted.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body !== undefined && { body }),
    ...(type !== undefined && { headers: { 'content-type': type } }),
  });
}

function form(name: string, ...files: Uint8Array<ArrayBuffer>[]): FormData {
  const data = new FormData();
  for (const file of files) data.append(name, new Blob([file]));
  return data;
}

const json = (value: unknown) => [JSON.stringify(value), 'application/json'] as const;

test('one image gives the same scores in every form of request', async () => {
  const expected = (await (await call('/v1/classify', png, 'image/png')).json()) as { predictions: unknown };
  expect(expected.predictions).toHaveLength(5);
  for (const [body, type] of [
    [png, 'application/octet-stream'],
    [png, 'image/jpeg'], // the type is told by the bytes
    [form('file', png), undefined],
    json({ image: base64 }),
    [tensor, tensorType],
  ] as [BodyInit, string | undefined][]) {
    expect(await (await call('/v1/classify', body, type)).json()).toEqual(expected);
  }
});

test('a batch gives one result an image, the same as alone, in every form', async () => {
  const alone = (await (await call('/v1/classify', png)).json()) as Record<string, unknown>;
  const { model, source, device, ...item } = alone;
  expect(Object.keys(item)).toEqual(['predictions', 'unknown']);
  const two = new Uint8Array([...tensor, ...tensor]);
  for (const [body, type] of [
    [form('files', png, png), undefined],
    json({ images: [base64, base64] }),
    [two, `${tensorType}; batch=2`],
  ] as [BodyInit, string | undefined][]) {
    const answer = (await (await call('/v1/classify', body, type)).json()) as Record<string, unknown>;
    expect(answer.results).toEqual([item, item]);
    expect(answer).not.toHaveProperty('predictions');
  }
  const one = (await (await call('/v1/classify', ...json({ images: [base64] }))).json()) as {
    results: unknown;
  };
  expect(one.results).toEqual([item]);
});

test('a batch of 32 is answered and one of 33 is not', async () => {
  const many = (count: number) =>
    call('/v1/classify', form('files', ...Array.from({ length: count }, () => png)));
  expect(((await (await many(32)).json()) as { results: unknown[] }).results).toHaveLength(32);
  await expectProblem(await many(33), 'invalid_parameter', 'files');
});

test('an embedding is the same unit vector as numbers and as base64', async () => {
  const floats = (await (await call('/v1/embeddings', png)).json()) as {
    embedding: number[];
    dimensions: number;
  };
  const packed = (await (await call('/v1/embeddings?encoding=base64', png)).json()) as { embedding: string };
  const bytes = Buffer.from(packed.embedding, 'base64');
  const vector = Array.from({ length: floats.dimensions }, (_, i) => bytes.readFloatLE(4 * i));
  expect(vector).toEqual(floats.embedding);
  expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
});

async function expectProblem(answer: Response, code: keyof typeof errorCodes, field?: string): Promise<void> {
  const problem = (await answer.json()) as Problem;
  expect(problem.code, problem.detail).toBe(code);
  expect(answer.status).toBe(errorCodes[code][0]);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(problem).toMatchObject({ status: answer.status, title: errorCodes[code][1], type: `/docs#${code}` });
  expect(problem.requestId).toBe(answer.headers.get('x-request-id'));
  expect(problem.field).toBe(field);
}

const hugeHeader = Buffer.from(png);
hugeHeader.writeUInt32BE(65_535, 16);
hugeHeader.writeUInt32BE(65_535, 20);
const tooLarge = new Uint8Array(limits.bodyBytes + 1);

test.each([
  ['empty', '/v1/classify', new Uint8Array(), undefined, 'invalid_image', 'image'],
  ['text', '/v1/classify', 'hello', 'image/png', 'unsupported_media_type', 'image'],
  [
    'SVG',
    '/v1/classify',
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'image/svg+xml',
    'unsupported_media_type',
    'image',
  ],
  [
    'a PNG cut in its pixels',
    '/v1/classify',
    png.slice(0, png.length / 2),
    'image/png',
    'invalid_image',
    'image',
  ],
  [
    'a header of 65535 x 65535',
    '/v1/classify',
    new Uint8Array(hugeHeader),
    'image/png',
    'image_too_large',
    'image',
  ],
  ['a body over the limit', '/v1/classify', tooLarge, 'image/png', 'body_too_large', undefined],
  ['broken JSON', '/v1/classify', '{', 'application/json', 'invalid_request', undefined],
  [
    'JSON of another shape',
    '/v1/classify',
    '{"picture":1}',
    'application/json',
    'invalid_parameter',
    'image',
  ],
  [
    'base64 that is none',
    '/v1/classify',
    '{"image":"%%%"}',
    'application/json',
    'invalid_parameter',
    'image',
  ],
  [
    'an image URL',
    '/v1/classify',
    '{"image":"https://example.com/a.png"}',
    'application/json',
    'invalid_parameter',
    'image',
  ],
  ['too few bytes of RGB', '/v1/classify', tensor.slice(1), tensorType, 'invalid_image', 'image'],
  ['batch=0', '/v1/classify', tensor, `${tensorType}; batch=0`, 'invalid_parameter', 'batch'],
  ['topK=0', '/v1/classify?topK=0', png, undefined, 'invalid_parameter', 'topK'],
  ['topK=1e9', '/v1/classify?topK=1e9', png, undefined, 'invalid_parameter', 'topK'],
  ['topK=x', '/v1/classify?topK=x', png, undefined, 'invalid_parameter', 'topK'],
  ['an unknown model', '/v1/classify?model=nope', png, undefined, 'model_not_found', 'model'],
  ['a model outside the folder', '/v1/classify?model=..%2F..', png, undefined, 'model_not_found', 'model'],
  ['an unknown encoding', '/v1/embeddings?encoding=hex', png, undefined, 'invalid_parameter', 'encoding'],
  [
    'a broken image in a batch',
    '/v1/classify',
    form('files', png, new Uint8Array([1, 2])),
    undefined,
    'unsupported_media_type',
    'files[1]',
  ],
  [
    'file and files at once',
    '/v1/classify',
    (() => {
      const f = form('file', png);
      f.append('files', new Blob([png]));
      return f;
    })(),
    undefined,
    'invalid_request',
    'file',
  ],
  ['an unknown path', '/v1/nothing', undefined, undefined, 'not_found', undefined],
  [
    'raw weights beside the API',
    '/models/cifar10/manifest.json',
    undefined,
    undefined,
    'not_found',
    undefined,
  ],
  ['an unknown file of a model', '/v1/models/cifar10/card.exe', undefined, undefined, 'not_found', 'file'],
] as [
  string,
  string,
  BodyInit | undefined,
  string | undefined,
  keyof typeof errorCodes,
  string | undefined,
][])(
  '%s is refused with a problem, and the next good request is unchanged',
  async (_, path, body, type, code, field) => {
    const before = await (await call('/v1/classify', png)).text();
    await expectProblem(await call(path, body, type), code, field);
    expect(await (await call('/v1/classify', png)).text()).toBe(before);
  },
);

test('a body at the limit is read, whether its length is announced or not', async () => {
  const body = new Uint8Array(limits.bodyBytes);
  await expectProblem(await call('/v1/classify', body, 'image/png'), 'unsupported_media_type', 'image');
  const chunked = (bytes: Uint8Array<ArrayBuffer>) =>
    fetch(`${hosted.url}/v1/classify`, {
      method: 'POST',
      body: new Blob([bytes]).stream(),
      duplex: 'half',
    } as RequestInit);
  await expectProblem(await chunked(body), 'unsupported_media_type', 'image');
  await expectProblem(await chunked(tooLarge), 'body_too_large');
});

test('the weights have their hash as ETag and are immutable under it', async () => {
  const manifest = (await (await call('/v1/models/cifar10')).json()) as Manifest;
  for (const { file, bytes, sha256 } of manifest.files) {
    const path = `/v1/models/cifar10/${file}`;
    const answer = await call(`${path}?sha256=${sha256}`);
    const body = new Uint8Array(await answer.arrayBuffer());
    expect(body).toHaveLength(bytes);
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', body)).toString('hex');
    expect(digest).toBe(sha256);
    expect(answer.headers.get('etag')).toBe(`"${sha256}"`);
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect((await call(path)).headers.get('cache-control')).not.toContain('immutable');
    const again = await fetch(`${hosted.url}${path}`, { headers: { 'if-none-match': `"${sha256}"` } });
    expect(again.status).toBe(304);
  }
});

test('the models list names the default and holds every shipped manifest', async () => {
  const list = (await (await call('/v1/models')).json()) as { default: string; models: Manifest[] };
  expect(list.default).toBe('cifar10');
  const shipped = JSON.parse(
    await readFile(new URL('../../model/cifar10/manifest.json', import.meta.url), 'utf8'),
  );
  expect(list.models.find(({ name }) => name === 'cifar10')).toEqual(shipped);
});

test.each(['classify', 'embeddings', 'search?namespace=gallery'])(
  'settled: a batch to %s answers for the images that can be read',
  async (path) => {
    const bad = new Uint8Array([1, 2]);
    const cut = png.subarray(0, 60) as Uint8Array<ArrayBuffer>;
    const send = (value: string, ...files: Uint8Array<ArrayBuffer>[]) =>
      call(`/v1/${path}${path.includes('?') ? '&' : '?'}settled=${value}`, form('files', ...files));
    const answer = await send('true', bad, png, cut, png);
    expect(answer.status).toBe(200);
    const { results } = (await answer.json()) as { results: Record<string, unknown>[] };
    const { results: good } = (await (await send('false', png)).json()) as { results: unknown[] };
    const failure = (field: string, code = 'unsupported_media_type') => ({
      error: { code, detail: expect.any(String), field },
    });
    expect(results).toEqual([failure('files[0]'), good[0], failure('files[2]', 'invalid_image'), good[0]]);
    expect(await (await send('true', bad, bad)).json()).toMatchObject({
      results: [failure('files[0]'), failure('files[1]')],
    });
    expect((await send('false', png, bad)).status).toBe(415);
    expect((await send('maybe', png)).status).toBe(422);
    const single = await call(`/v1/${path}${path.includes('?') ? '&' : '?'}settled=true`, new Blob([bad]));
    expect(single.status).toBe(415);
  },
);

test('the OpenAPI document describes every route and all its references resolve', async () => {
  const text = await (await call('/openapi.json')).text();
  const document = JSON.parse(text);
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths).sort()).toEqual([
    '/health',
    '/ready',
    '/v1/aliases',
    '/v1/aliases/{name}',
    '/v1/classes',
    '/v1/classes/{name}',
    '/v1/classify',
    '/v1/deletions',
    '/v1/embeddings',
    '/v1/index/{namespace}',
    '/v1/models',
    '/v1/models/{name}',
    '/v1/models/{name}/{file}',
    '/v1/namespaces',
    '/v1/search',
    '/v1/vectors',
    '/v1/vectors/{id}',
  ]);
  for (const [, reference] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const target = reference?.split('/').reduce((node, key) => node?.[key], document);
    expect(target, reference).toBeDefined();
  }
});

test('any page may call the API and read the request id', async () => {
  const answer = await fetch(`${hosted.url}/health`, { headers: { origin: 'https://example.com' } });
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(answer.headers.get('access-control-expose-headers')).toContain('x-request-id');
});

test('an answer tells what decoding, the network and all of it took, to pages of any origin', async () => {
  for (const path of ['/v1/classify', '/v1/embeddings', '/v1/search']) {
    const answer = await call(path, png);
    expect(answer.headers.get('server-timing')).toMatch(
      /^decode;dur=[\d.]+, run;dur=[\d.]+, total;dur=[\d.]+$/,
    );
    expect(answer.headers.get('timing-allow-origin')).toBe('*');
  }
  const refused = await call('/v1/classify', png.subarray(0, 40));
  expect(refused.headers.get('server-timing')).toMatch(/^decode;dur=[\d.]+, total;dur=[\d.]+$/);
});

test('another method than a route takes is refused with the ones that it takes', async () => {
  for (const [method, path, allow] of [
    ['GET', '/v1/classify', 'POST'],
    ['DELETE', '/v1/models/cifar10', 'GET, HEAD'],
    ['POST', '/health', 'GET, HEAD'],
  ] as const) {
    const answer = await fetch(`${hosted.url}${path}`, { method });
    expect(answer.headers.get('allow')).toBe(allow);
    await expectProblem(answer, 'method_not_allowed');
  }
  expect((await fetch(`${hosted.url}/v1/models`, { method: 'HEAD' })).status).toBe(200);
});
