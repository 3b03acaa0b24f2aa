import { tensorMediaType } from '../../../../src/contract/wire.ts';
import { bodies, vector } from '../../inputs/bodies.ts';
import { drawPng } from '../../inputs/draw-png.ts';
import { encodeRequest, type RequestParts } from './request.ts';

/** The keys of the deployment under attack: one for everything, and one that may read the namespace `a`. */
export const key = 'key';
export const restrictedKey = 'restricted';

const authorization = `Bearer ${key}`;
const json = (method: string, path: string, body: object): RequestParts => ({
  method,
  path,
  headers: { authorization, 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): RequestParts => ({
  method,
  path,
  headers: { authorization, ...headers },
  body: '',
});

const model = { name: 'm', version: '1' };
const short = (id: string, numbers: number[], metadata: object) => ({ id, vector: numbers, model, metadata });
const stored = [
  short('a', [1, 2, 3, 4], { label: 'cat', year: 2015 }),
  short('b', [-1, 2, 0, 4], { label: 'dog', year: 2019, good: true }),
  short('c', [0, 0, 1, 0], {}),
];

/** What is stored before a request. */
export const prepared: readonly RequestParts[] = [
  json('PUT', '/v1/vectors', { namespace: 'a', vectors: stored }),
  json('PUT', '/v1/aliases/b', { namespace: 'a' }),
  json('PUT', '/v1/classes/mine', {
    classes: { tabby: [{ vector }], siamese: [{ vector: vector.toReversed() }] },
  }),
];

const png = drawPng(4, 4, (x, y) => [60 * x, 60 * y, 9]);
const image = Buffer.from(png).toString('base64');
/** Node takes none below 27 characters. */
const boundary = 'boundary-of-27-characters-x';
const part = (name: string, file: string, content: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`;
const filePart = (name: string) =>
  part(name, '; filename="a.png"\r\nContent-Type: image/png', Buffer.from(png).toString('latin1'));
const multipart = (...parts: string[]): RequestParts => ({
  method: 'POST',
  path: '/v1/classify',
  headers: { authorization, 'content-type': `multipart/form-data; boundary=${boundary}` },
  body: Buffer.from(`${parts.join('')}--${boundary}--\r\n`, 'latin1'),
});
const filter = encodeURIComponent('{"label":{"in":["cat"]},"year":{"gte":2000}}');

/** A good request of every route and form. */
export const apiSeeds: readonly Uint8Array[] = [
  ...bodies.map(([method, path, body]) => json(method, path, body)),
  ...prepared,
  json('POST', `/v1/search?topK=2&namespace=a&filter=${filter}`, { vector: [1, 1, 1, 1], model }),
  json('POST', '/v1/search', {
    id: 'b',
    namespace: 'a',
    topK: 2,
    filter: { good: true, year: { lt: 2020 } },
  }),
  json('POST', '/v1/search?namespace=a', { vector: 'AACAPwAAAEAAAEBAAACAQA==', model }),
  json('POST', '/v1/search?namespace=a&topK=1', {
    like: [{ id: 'a' }, { vector: [1, 0, 2, 3], model }],
    dislike: [{ id: 'c' }],
  }),
  json('POST', '/v1/search?namespace=gallery', {
    like: [{ image, region: { x: 1, y: 0, width: 2, height: 3 } }],
  }),
  json('PUT', '/v1/vectors?model=cifar10', { vectors: [short('x', [5], { label: 'é', n: -0.5 })] }),
  json('POST', '/v1/classify?topK=2&classes=mine', { image, model: 'cifar10' }),
  json('POST', '/v1/classify?method=neighbors&namespace=gallery&k=3', { image }),
  json('POST', '/v1/embeddings?encoding=base64', { images: [image] }),
  multipart(filePart('file'), part('model', '', 'cifar10')),
  multipart(filePart('files'), filePart('files')),
  { ...multipart(), headers: { authorization, 'content-type': 'image/png' }, body: png },
  {
    ...multipart(),
    headers: { authorization, 'content-type': `${tensorMediaType}; batch=1` },
    body: Buffer.alloc(3072, 90),
  },
  get('/v1/vectors?namespace=a&limit=2'),
  get('/v1/vectors?namespace=a&limit=1&cursor=YQ'),
  get('/v1/vectors/a?namespace=a&encoding=base64'),
  get('/v1/vectors/a?namespace=a', {}, 'DELETE'),
  get('/v1/vectors?namespace=a', {}, 'DELETE'),
  json('PUT', '/v1/aliases/other', { namespace: 'a' }),
  get('/v1/aliases'),
  get('/v1/aliases/other', {}, 'DELETE'),
  json('POST', '/v1/search?namespace=b', { id: 'a' }),
  get('/v1/index/a', { 'if-none-match': '"0"' }),
  get('/v1/classes'),
  get('/v1/classes/mine'),
  get('/v1/classes/mine', {}, 'DELETE'),
  get('/v1/models'),
  get('/v1/models/cifar10'),
  get('/v1/models/cifar10/cifar10.int8.onnx', { range: 'bytes=10-19', 'if-range': '"0"' }),
  get('/runtime/1/ort.wasm'),
  get('/health'),
  get('/openapi.json'),
  get('/docs', { authorization: `Bearer ${restrictedKey}`, origin: 'https://a.example' }),
  {
    ...json('POST', '/v1/search?namespace=a', { id: 'a' }),
    headers: { authorization: `Bearer ${restrictedKey}` },
  },
].map(encodeRequest);

export const apiTokens = [
  ...[
    '"__proto__":{},',
    '"constructor":',
    '"namespace":"a",',
    '"model":',
    '"vector":',
    '"metadata":{',
    '"filter":{',
  ],
  ...[
    '"image":',
    '"images":[',
    '"id":"a",',
    '"topK":',
    '{"eq":',
    '"in":[',
    '"gte":',
    '[',
    ']',
    '{',
    '}',
    ',',
    'null',
  ],
  ...[
    '1e400',
    '-0',
    '\\ud800',
    '\\u0000',
    '"',
    '&topK=0',
    '&namespace=gallery',
    '&classes=mine',
    '&method=neighbors',
  ],
  ...[
    '%00',
    '%ff',
    '..',
    '/',
    '?',
    'PUT ',
    'POST ',
    'DELETE ',
    'OPTIONS ',
    'HEAD ',
    'range: bytes=0-0\n',
    '--x\r\n',
  ],
  ...['content-type: application/json\n', '; boundary=x', 'content-length: 99999999\n', 'x-request-id: 1\n'],
];
