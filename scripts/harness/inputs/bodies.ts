import { drawPng } from './draw-png.ts';

const image = Buffer.from(drawPng(8, 8, (x, y) => [30 * x, 30 * y, 9])).toString('base64');
/** A vector of the shipped model's length. */
export const vector = Array.from({ length: 128 }, (_, i) => (i % 7) - 3.5);
const model = { name: 'cifar10', version: '2.0.0' };
const filter = { label: { in: ['cat', 'dog'] }, year: { gte: 2010, lt: 2020 } };

/** A valid body of every route that takes JSON. */
export const bodies: [method: string, path: string, body: object][] = [
  ['POST', '/v1/classify', { image }],
  ['POST', '/v1/classify', { images: [image, image] }],
  ['POST', '/v1/embeddings', { image }],
  ['POST', '/v1/search', { vector, model, topK: 3, namespace: 'a', filter }],
  ['POST', '/v1/search', { image, topK: 3, filter: { year: 2020 } }],
  ['POST', '/v1/search', { id: 'a', namespace: 'a' }],
  ['POST', '/v1/search', { like: [{ id: 'a' }, { vector, model }], dislike: [{ image }], namespace: 'a' }],
  [
    'PUT',
    '/v1/vectors',
    { namespace: 'a', vectors: [{ id: 'a', vector, model, metadata: { label: 'cat', year: 2020 } }] },
  ],
  ['PUT', '/v1/vectors', { vectors: [{ id: 'b', image, metadata: { good: true } }] }],
  ['PUT', '/v1/aliases/b', { namespace: 'a' }],
  ['PUT', '/v1/classes/mine', { classes: { tabby: [{ vector }], siamese: [{ image }] } }],
];
/** Values of wrong types and odd sizes. */
export const odd: unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e9,
  1e308,
  -0,
  '',
  '1',
  'NaN',
  '\u0000',
  '\ud800',
  'x'.repeat(100_000),
  [],
  [[]],
  {},
  [null],
  { length: 3 },
  { toString: 1 },
  JSON.parse('{"__proto__":{"polluted":true}}'),
  { constructor: { prototype: { polluted: true } } },
];

/** Yields the body with one of its values, at any depth, replaced. */
export function* replaced(value: unknown, by: unknown): Generator<unknown> {
  yield by;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value).slice(0, 4))
    for (const inner of replaced(member, by))
      yield Array.isArray(value) ? value.with(Number(key), inner) : { ...value, [key]: inner };
}
