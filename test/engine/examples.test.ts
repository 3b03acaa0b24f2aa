/**
 * Searches by liked and disliked examples, and writes of parts of pictures, on each implementation: the same answers to
 * the bit, whoever keeps the vectors.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { type Client, createClient } from '../../src/index.ts';
import { base64, type Site, startSite } from '../browser/site.ts';
import { type EngineName, engineNames, openRealm, startEngine } from './engines.ts';
import type { Realm } from './process.ts';

const color = (x: number, y: number): [number, number, number] => [
  (x * 5) % 256,
  (y * 7) % 256,
  (x * y) % 256,
];
const region = { x: 13, y: 20, width: 47, height: 36 };
const other = { x: 40, y: 5, width: 30, height: 50 };
const cut = (part: typeof region) =>
  drawPng(part.width, part.height, (x, y) => color(x + part.x, y + part.y));
const drawn: Record<string, Uint8Array<ArrayBuffer>> = {
  one: drawPng(90, 70, color),
  part: cut(region),
  otherPart: cut(other),
  ...Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [
      `p${i}`,
      drawPng(32, 32, (x, y) => [(x * (i + 2)) % 256, (y * 3 * i) % 256, (x * y + 20 * i) % 256]),
    ]),
  ),
};
const files = Object.fromEntries(Object.entries(drawn).map(([name, bytes]) => [name, base64(bytes)]));
const picture = (name: string) => drawn[name] as Uint8Array<ArrayBuffer>;
const stored = Array.from({ length: 12 }, (_, i) => `p${i}`);
const namespace = 'reference';

let site: Site;
/** What the service answers to a program outside of a page. */
let client: Client;
beforeAll(async () => {
  site = await startSite();
  client = createClient({ url: site.hosted.url, model: 'cifar10' });
  const items = stored.map((id, n) => ({ id, vector: picture(id), metadata: { n } }));
  await client.vectors.upsert(items, { namespace });
});
afterAll(() => site?.stop());

/** Vectors as numbers in float64. */
async function unitVectors(names: readonly string[]): Promise<number[][]> {
  const answers = await client.embed(names.map(picture));
  return answers.map(({ embedding }) => {
    const length = Math.hypot(...embedding);
    return Array.from(embedding, (value) => value / length);
  });
}

const mean = (vectors: readonly number[][], i: number) =>
  vectors.reduce((sum, vector) => sum + (vector[i] as number), 0) / vectors.length;

describe.each(engineNames)('%s', (name: EngineName) => {
  let page: Realm;
  beforeAll(async () => {
    page = await openRealm(site, name);
    await startEngine(page, name, site.hosted.url, files);
    await page.evaluate(async (stored) => {
      const items = stored.map((id, n) => ({
        id,
        vector: pictures[id] as Uint8Array<ArrayBuffer>,
        metadata: { n },
      }));
      await tested.vectors.upsert(items, { namespace: 'liked' });
    }, stored);
  });
  afterAll(() => page?.close());

  test('the query is the mean of the liked less half that of the disliked', async () => {
    const matches = await page.evaluate(async () => {
      const query = { like: [{ id: 'p1' }, { id: 'p4' }], dislike: [{ id: 'p7' }] };
      return (await tested.search(query, { namespace: 'liked', topK: 100 })).matches;
    });
    const rest = stored.filter((id) => !['p1', 'p4', 'p7'].includes(id));
    const [liked, disliked, others] = [
      await unitVectors(['p1', 'p4']),
      await unitVectors(['p7']),
      await unitVectors(rest),
    ];
    const query = Array.from({ length: 128 }, (_, i) => mean(liked, i) - 0.5 * mean(disliked, i));
    const length = Math.hypot(...query);
    const cosine = (vector: number[]) =>
      vector.reduce((sum, value, i) => sum + value * (query[i] as number), 0) / length;
    const expected = rest
      .map((id, i) => ({ id, score: cosine(others[i] as number[]) }))
      .sort((a, b) => b.score - a.score);
    expect(matches.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    for (const [i, { score }] of expected.entries()) expect(matches[i]?.score).toBeCloseTo(score, 5);
  });

  test('pictures, parts of them, vectors and ids, with every option: the same matches to the bit', async () => {
    const found = await page.evaluate(async (region) => {
      const { one, p3 } = pictures as Record<string, Uint8Array<ArrayBuffer>> & typeof pictures;
      const embedded = await tested.embed(p3 as Uint8Array<ArrayBuffer>);
      const query = {
        like: [{ id: 'p2' }, one, { image: one, region }, embedded],
        dislike: [[...embedded.embedding].map((value, i) => value + (i % 5)), { id: 'p9' }],
      };
      const options = { namespace: 'liked', topK: 5, minScore: -0.5, filter: { n: { gte: 1 } } };
      return [
        (await tested.search(query, options)).matches,
        (await tested.search(query, { ...options, diversity: 0.6 })).matches,
        (await tested.search([query, { id: 'p2' }], options)).map(({ matches }) => matches),
        (await tested.search({ like: [one] }, { ...options, region })).matches,
      ] as const;
    }, region);
    const embedded = await client.embed(picture('p3'));
    const query = {
      like: [{ id: 'p2' }, picture('one'), picture('part'), embedded],
      dislike: [[...embedded.embedding].map((value, i) => value + (i % 5)), { id: 'p9' }],
    };
    const options = { namespace, topK: 5, minScore: -0.5, filter: { n: { gte: 1 } } };
    const { matches } = await client.search(query, options);
    expect(matches).toHaveLength(5);
    expect(matches.map(({ id }) => id)).not.toContain('p2');
    expect(found[0]).toEqual(matches);
    expect(found[1]).toEqual((await client.search(query, { ...options, diversity: 0.6 })).matches);
    expect(found[2]).toEqual([matches, (await client.search({ id: 'p2' }, options)).matches]);
    expect(found[3]).toEqual((await client.search({ like: [picture('part')] }, options)).matches);
  });

  test('pictures are those of the moment of the call', async () => {
    const [later, before] = await page.evaluate(async () => {
      const bytes = pictures.one.slice();
      const query = { like: [bytes, { image: bytes, region: { x: 0, y: 0, width: 20, height: 20 } }] };
      const options = { namespace: 'liked', topK: 3 };
      const before = (await tested.search(query, options)).matches;
      const call = tested.search(query, options);
      bytes.fill(0);
      query.like.length = 0;
      return [(await call).matches, before];
    });
    expect(later).toEqual(before);
  });

  test('an empty namespace has no matches, and no vectors by id', async () => {
    const [matches, failure] = await page.evaluate(async () => [
      (await tested.search({ like: [pictures.one] }, { namespace: 'nobody' })).matches,
      await unlabel.failureOf(
        tested.search({ like: [pictures.one], dislike: [{ id: 'p1' }] }, { namespace: 'nobody' }),
      ),
    ]);
    expect(matches).toEqual([]);
    expect(failure).toMatchObject({ code: 'vector_not_found', field: 'dislike[0].id' });
  });

  test('vectors and classes of parts of pictures: by item, or of all', async () => {
    const [shelf, one, all] = await page.evaluate(
      async ({ region, other }) => {
        const { one } = pictures;
        const namespace = 'parts';
        await tested.vectors.upsert(
          [
            { id: 'own', vector: { image: one, region: other } },
            { id: 'call', vector: one },
            { id: 'bare', vector: { image: one } },
          ],
          { namespace, region },
        );
        const shelf = [];
        for (const id of ['own', 'call', 'bare'])
          shelf.push([...(await tested.vectors.get(id, { namespace })).embedding]);
        await tested.classes.create('byItem', {
          a: [{ image: one, region }],
          b: [{ image: one, region: other }],
        });
        await tested.classes.create('byCall', { a: [one], b: [{ image: one, region: other }] }, { region });
        return [
          shelf,
          (await tested.classify(one, { classes: 'byItem' })).predictions,
          (await tested.classify(one, { classes: 'byCall' })).predictions,
        ] as const;
      },
      { region, other },
    );
    const [part, otherPart] = await client.embed([picture('part'), picture('otherPart')]);
    expect(shelf).toEqual([otherPart, part, part].map((answer) => [...(answer?.embedding ?? [])]));
    await client.classes.create('cut', { a: [picture('part')], b: [picture('otherPart')] });
    const { predictions } = await client.classify(picture('one'), { classes: 'cut' });
    expect(one).toEqual(predictions);
    expect(all).toEqual(predictions);
  });

  test('parts of the same numbers in another order are other parts', async () => {
    const [stored, asked] = await page.evaluate(async () => {
      const { one } = pictures;
      const part = { x: 10, y: 10, width: 5, height: 5 };
      const region = { width: 10, height: 10, x: 5, y: 5 };
      const namespace = 'orders';
      await tested.vectors.upsert(
        [
          { id: 'call', vector: one },
          { id: 'own', vector: { image: one, region: part } },
        ],
        { namespace, region },
      );
      const read = async (id: string) => [...(await tested.vectors.get(id, { namespace })).embedding];
      const embed = async (region: object) => [
        ...(await tested.embed(one, { region: region as typeof part })).embedding,
      ];
      return [
        [await read('call'), await read('own')],
        [await embed(region), await embed(part)],
      ];
    });
    expect(stored).toEqual(asked);
  });

  test.each([
    ['no example', () => tested.search({ like: [] }), 'like'],
    ['nothing liked', () => tested.search({ dislike: [{ id: 'p1' }] } as never), 'like'],
    ['too many', () => tested.search({ like: Array(20).fill([1]), dislike: Array(13).fill([1]) }), 'like'],
    ['a bad one of a list', () => tested.search([{ id: 'p1' }, { like: [] }]), 'queries[1].like'],
    [
      'examples that cancel each other out',
      () => {
        const axis = Array.from({ length: 128 }, (_, i) => (i === 5 ? 1 : 0));
        const opposite = axis.map((value) => -value);
        return tested.search({ like: [axis, opposite] }, { namespace: 'liked' });
      },
      'like',
    ],
    ['no numbers', () => tested.search({ like: [new Float32Array(128)] }), 'like[0].vector'],
    ['a picture that is none', () => tested.search({ like: [{ id: 'p1' }, {} as Blob] }), 'like[1]'],
    [
      'a region that is none',
      () => tested.vectors.upsert([{ id: 'a', vector: { image: pictures.one, region: {} as never } }]),
      'items[0].vector.region',
    ],
    [
      'a region that is none, of an example',
      () => tested.search({ like: [{ image: pictures.one, region: 'all' as never }] }),
      'like[0].region',
    ],
    [
      'a region beyond the picture',
      () =>
        tested.vectors.upsert([
          { id: 'a', vector: { image: pictures.one, region: { x: 80, y: 0, width: 11, height: 5 } } },
        ]),
      'region',
    ],
    [
      'a region beyond the pictures of a class',
      () =>
        tested.classes.create('a', { b: [pictures.one] }, { region: { x: 80, y: 0, width: 11, height: 5 } }),
      'region',
    ],
  ] as [string, () => Promise<unknown>, string][])('error: %s', async (_, call, field) => {
    const failure = await page.evaluate(
      // biome-ignore lint/security/noGlobalEval: a function of this test
      async (call) => unlabel.failureOf((eval(`(${call})`) as () => Promise<unknown>)()),
      `${call}`,
    );
    expect(failure?.field).toBe(field);
    expect(failure?.code).toMatch(/^invalid_(parameter|image)$/);
  });
});

test('over HTTP: examples and parts in JSON', async () => {
  const send = async (method: string, path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${site.hosted.url}/v1/${path}`, {
      method,
      body: JSON.stringify(body),
      headers,
    });
    return response.json();
  };
  const image = base64(picture('one'));
  const like = [{ id: 'p2' }, { image, region }, { image }];
  const expected = await client.search(
    { like: [{ id: 'p2' }, picture('part'), picture('part')] },
    { namespace },
  );
  expect(await send('POST', `search?region=${Object.values(region).join()}`, { like, namespace })).toEqual(
    expected,
  );
  const vectors = [
    { id: 'a', image },
    { id: 'b', image, region: other },
  ];
  await send('PUT', `vectors?region=${Object.values(region).join()}`, { namespace: 'http', vectors });
  const [part, otherPart] = await client.embed([picture('part'), picture('otherPart')]);
  expect((await client.vectors.get('a', { namespace: 'http' })).embedding).toEqual(part?.embedding);
  expect((await client.vectors.get('b', { namespace: 'http' })).embedding).toEqual(otherPart?.embedding);
  expect(await send('POST', 'search', { like: [{ image, region: { x: 0 } }] })).toMatchObject({
    code: 'invalid_parameter',
    field: expect.stringMatching(/^like\[0\]\.region/),
  });
  expect(await send('POST', 'search', { like: Array(33).fill({ id: 'a' }) })).toMatchObject({
    code: 'invalid_parameter',
    field: 'like',
  });
  expect(await send('POST', 'search', { like: [{ id: 'p1' }, { id: 'none' }], namespace })).toMatchObject({
    code: 'vector_not_found',
    field: 'like[1].id',
  });
});
