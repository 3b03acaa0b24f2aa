/** Parts of images, on each implementation: a region gives the answer of an image of that part alone, to the bit. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawPhoto, drawTallPhoto } from '../../scripts/harness/inputs/draw-photo.ts';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { readFixture } from '../../scripts/harness/inputs/parity-fixtures.ts';
import { codecs } from '../../src/image/codecs/codecs-node.ts';
import { type Client, createClient } from '../../src/index.ts';
import { base64, type Site, startSite } from '../browser/site.ts';
import { type EngineName, engineNames, openRealm, startEngine } from './engines.ts';
import type { Realm } from './process.ts';

const color = (x: number, y: number): [number, number, number] => [
  (x * 5) % 256,
  (y * 7) % 256,
  (x * y) % 256,
];
/** All of a picture, and a part of it. */
const region = { x: 13, y: 20, width: 47, height: 36 };
const whole = drawPng(90, 70, color);
const part = drawPng(region.width, region.height, (x, y) => color(x + region.x, y + region.y));
/** A JPEG that EXIF turns: 45 x 30 as it is shown. */
const turned = readFixture('images/orientation-6.jpg');
/** A JPEG of 71 megapixels, which no page holds as a whole, and a region that lies within one of its 17 equal parts. */
const tall = await drawTallPhoto(8192, 512, 17, { quality: 30 });
const tallPart = await drawTallPhoto(8192, 512, 1, { quality: 30 });
const small = { x: 5001, y: 8 * 512 + 237, width: 200, height: 170 };
const files = { one: base64(whole), part: base64(part), turned: base64(turned), tall: base64(tall) };

const cosine = (one: ArrayLike<number>, other: ArrayLike<number>) =>
  Array.from(one).reduce((sum, value, i) => sum + value * (other[i] as number), 0);

let site: Site;
let client: Client;
beforeAll(async () => {
  site = await startSite();
  client = createClient({ url: site.hosted.url, model: 'cifar10' });
  await client.vectors.upsert([
    { id: 'part', vector: part },
    { id: 'whole', vector: whole },
  ]);
});
afterAll(() => site?.stop());

describe.each(engineNames)('%s', (name: EngineName) => {
  let realm: Realm;
  beforeAll(async () => {
    realm = await openRealm(site, name);
    await startEngine(realm, name, site.hosted.url, files);
  });
  afterAll(() => realm?.close());

  test('classify, embed and search see the region alone', async () => {
    const [predictions, lists, embedding, matches, blob] = await realm.evaluate(async (region) => {
      const options = { region, topK: 1000 };
      const { one } = pictures;
      return [
        (await tested.classify(one, options)).predictions,
        (await tested.classify([one, one], options)).map(({ predictions }) => predictions),
        [...(await tested.embed(one, { region })).embedding],
        (await tested.search(one, { region, topK: 2 })).matches,
        (await tested.classify(new Blob([one]), options)).predictions,
      ] as const;
    }, region);
    const expected = (await client.classify(part, { topK: 1000 })).predictions;
    expect(predictions).toEqual(expected);
    expect(lists).toEqual([expected, expected]);
    expect(blob).toEqual(expected);
    expect(embedding).toEqual([...(await client.embed(part)).embedding]);
    expect(matches).toEqual((await client.search(part, { topK: 2 })).matches);
    expect(matches[0]).toMatchObject({ id: 'part', score: expect.closeTo(1, 5) });
  });

  test('the neighbors are those of the region', async () => {
    const neighbors = await realm.evaluate(
      async (region) => (await tested.classify(pictures.one, { method: 'neighbors', region })).predictions,
      region,
    );
    expect(neighbors).toEqual((await client.classify(part, { method: 'neighbors' })).predictions);
  });

  test('the pixels of a region are those of the upright image', async () => {
    const answers = await realm.evaluate(async () => {
      const { width, height } = { width: 20, height: 30 };
      const embedded = [
        await tested.embed(pictures.turned as Uint8Array<ArrayBuffer>, {
          region: { x: 10, y: 0, width, height },
        }),
        await tested.embed(pictures.turned as Uint8Array<ArrayBuffer>),
      ];
      return embedded.map(({ embedding }) => [...embedding]);
    });
    const expected = [
      await client.embed(turned, { region: { x: 10, y: 0, width: 20, height: 30 } }),
      await client.embed(turned),
    ];
    expect(answers).toEqual(expected.map(({ embedding }) => [...embedding]));
    expect(answers[0]).not.toEqual(answers[1]);
  });

  test('a small region of a JPEG that is too large to be held is cut out of it', async () => {
    const embedding = await realm.evaluate(
      async (region) => [
        ...(await tested.embed(pictures.tall as Uint8Array<ArrayBuffer>, { region })).embedding,
      ],
      small,
    );
    const expected = await client.embed(tallPart, { region: { ...small, y: small.y % 512 } });
    expect((await client.embed(tall, { region: small })).embedding).toEqual(expected.embedding);
    // The decoders of server and browser differ by a gray level.
    expect(cosine(embedding, expected.embedding)).toBeGreaterThan(0.999);
  });

  test.each([
    ['beyond the right edge', { x: 80, y: 0, width: 11, height: 5 }],
    ['beyond the bottom', { x: 0, y: 69, width: 5, height: 2 }],
    ['of no pixels', { x: 0, y: 0, width: 0, height: 5 }],
    ['of parts of pixels', { x: 0.5, y: 0, width: 5, height: 5 }],
    ['that begins outside', { x: -1, y: 0, width: 5, height: 5 }],
    ['without a height', { x: 0, y: 0, width: 5 }],
    ['that is no region', 'all'],
  ])('error: a region %s', async (_, given) => {
    const failures = await realm.evaluate(
      async (region) =>
        Promise.all([
          unlabel.failureOf(tested.classify(pictures.one, { region: region as never })),
          unlabel.failureOf(tested.embed([pictures.one], { region: region as never })),
          unlabel.failureOf(tested.search(pictures.one, { region: region as never })),
        ]),
      given,
    );
    for (const failure of failures)
      expect(failure).toMatchObject({ code: 'invalid_parameter', field: 'region' });
  });
});

test('over HTTP a region is a parameter of the query, a member of the JSON or a field of the form', async () => {
  const text = Object.values(region).join();
  const form = new FormData();
  form.append('file', new Blob([whole]));
  form.append('region', text);
  const json = JSON.stringify({ image: base64(whole), region });
  const post = async (path: string, body: BodyInit, type?: string) => {
    const headers: Record<string, string> = type ? { 'content-type': type } : {};
    const response = await fetch(`${site.hosted.url}/v1/${path}`, { method: 'POST', body, headers });
    return response.json();
  };
  const expected = await client.classify(part);
  for (const answer of [
    await post(`classify?region=${text}`, new Blob([whole])),
    await post('classify', form),
    await post('classify', json, 'application/json'),
  ])
    expect(answer).toEqual(expected);
  const found = await client.search(part);
  expect(await post('search', json, 'application/json')).toEqual(found);
  expect(await post('search', form)).toEqual(found);
  const embedded = await client.embed(part);
  expect(await post('embeddings', json, 'application/json')).toMatchObject({
    embedding: [...embedded.embedding],
  });
  const tensor = new Blob([new Uint8Array(32 * 32 * 3)]);
  expect(await post(`classify?region=${text}`, tensor, 'application/vnd.unlabel.rgb8')).toMatchObject({
    code: 'invalid_parameter',
    field: 'region',
  });
  expect(await post('classify?region=1,2,3', new Blob([whole]))).toMatchObject({
    code: 'invalid_parameter',
    field: 'region',
  });
});

test('a large PNG is cut as a small one is', async () => {
  const width = 1400;
  const half = { x: 600, y: 40, width: 800, height: 700 };
  const large = drawPng(width, 900, color);
  const cut = drawPng(half.width, half.height, (x, y) => color(x + half.x, y + half.y));
  expect((await client.embed(large, { region: half })).embedding).toEqual(
    (await client.embed(cut)).embedding,
  );
});

test('a large JPEG is cut between its blocks, and by pixels where the region is too small for them', async () => {
  const photo = await drawPhoto(2600, 1800, { quality: 90 });
  const { width, data } = (await codecs.jpeg(photo)) as { width: number; data: Uint8ClampedArray };
  for (const part of [
    { x: 301, y: 203, width: 1021, height: 903 },
    { x: 1501, y: 1006, width: 1037, height: 786 },
  ]) {
    const cut = drawPng(part.width, part.height, (x, y) => {
      const at = 4 * ((y + part.y) * width + x + part.x);
      return [data[at], data[at + 1], data[at + 2]] as [number, number, number];
    });
    const [one, other] = [await client.embed(photo, { region: part }), await client.embed(cut)];
    expect(cosine(one.embedding, other.embedding)).toBeGreaterThan(0.99);
  }
  const small = { x: 301, y: 203, width: 200, height: 97 };
  const cut = drawPng(small.width, small.height, (x, y) => {
    const at = 4 * ((y + small.y) * width + x + small.x);
    return [data[at], data[at + 1], data[at + 2]] as [number, number, number];
  });
  const [one, other] = [await client.embed(photo, { region: small }), await client.embed(cut)];
  expect(one.embedding).toEqual(other.embedding);
});
