import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { pngPictures } from '../../scripts/harness/inputs/pictures.ts';
import { type Client, createClient } from '../../src/index.ts';
import { base64, type Site, startSite } from './site.ts';

const pictures = pngPictures(12).map(({ bytes }) => bytes);

let site: Site;
let page: Page;
let client: Client;
beforeAll(async () => {
  site = await startSite();
  client = createClient({ url: site.hosted.url, model: 'cifar10' });
  await client.vectors.upsert(
    pictures.slice(1).map((vector, i) => ({ id: `p${i}`, vector, metadata: { odd: i % 2 === 1, place: i } })),
  );
});
afterAll(() => site?.stop());
beforeEach(async () => {
  page = await site.open();
  await page.evaluate((baseUrl) => {
    globalThis.engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl });
  }, site.hosted.url);
});
afterEach(() => page.context().close());

const picture = () => base64(pictures[0] as Uint8Array);
const requestsOf = (pattern: RegExp) => {
  const urls: string[] = [];
  page.on('request', (request) => pattern.test(request.url()) && urls.push(request.url()));
  return urls;
};

test('a search in the page answers as the service does: by image, by vector and by id', async () => {
  const options = { topK: 5, filter: { place: { gte: 2 } } };
  const answers = await page.evaluate(
    async ({ picture, options }) => {
      const image = unlabel.bytesOf(picture);
      const embedded = await engine.embed(image);
      return [
        await engine.search(image, options),
        await engine.search(embedded, options),
        await engine.search(embedded.embedding, options),
        await engine.search({ id: 'p3' }, options),
        ...(await engine.search([image, image], options)),
      ];
    },
    { picture: picture(), options },
  );
  const image = await client.search(pictures[0] as Uint8Array, options);
  const id = await client.search({ id: 'p3' }, options);
  expect(image.matches).toHaveLength(5);
  expect(answers).toEqual(
    [image, image, image, id, image, image].map((answer) => ({ ...answer, source: 'local' })),
  );
});

test('a namespace is downloaded once, and searched offline at the next visit', async () => {
  const asked = requestsOf(/v1\/index/);
  const search = () => page.evaluate(async (picture) => engine.search(unlabel.bytesOf(picture)), picture());
  const first = await search();
  await search();
  expect(asked).toHaveLength(1);

  await page.waitForFunction(async () => (await (await caches.open('unlabel')).keys()).length === 5);
  await page.route(`${site.hosted.url}/**`, (route) => route.abort('internetdisconnected'));
  await page.reload();
  await page.evaluate((baseUrl) => {
    globalThis.engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl });
  }, site.hosted.url);
  expect(await search()).toEqual(first);
});

test('a stored namespace that was damaged is downloaded again', async () => {
  const search = () =>
    page.evaluate(
      async ({ picture, baseUrl }) => {
        const fresh = unlabel.createLocalEngine({ model: 'cifar10', baseUrl });
        const { matches } = await fresh.search(unlabel.bytesOf(picture));
        fresh.dispose();
        return matches;
      },
      { picture: picture(), baseUrl: site.hosted.url },
    );
  const good = await search();
  await page.waitForFunction(async () => {
    const cache = await caches.open('unlabel');
    const request = (await cache.keys()).find(({ url }) => url.endsWith('/v1/index/default'));
    const copy = request && (await cache.match(request));
    if (!request || !copy) return false;
    await cache.put(request, new Response('damaged', { headers: copy.headers }));
    return true;
  });
  expect(await search()).toEqual(good);
});

test('a new engine sees later writes, and downloads only what has changed', async () => {
  const statuses: number[] = [];
  page.on(
    'response',
    (response) => response.url().includes('/v1/index/') && statuses.push(response.status()),
  );
  const search = () =>
    page.evaluate(
      async ({ picture, baseUrl }) => {
        const fresh = unlabel.createLocalEngine({ model: 'cifar10', baseUrl });
        const { matches } = await fresh.search(unlabel.bytesOf(picture), { namespace: 'changing' });
        fresh.dispose();
        return matches.map(({ id }) => id);
      },
      { picture: picture(), baseUrl: site.hosted.url },
    );
  expect(await search()).toEqual([]);
  const [, one, two] = pictures as [Uint8Array, Uint8Array, Uint8Array];
  await client.vectors.upsert([{ id: 'one', vector: one }], { namespace: 'changing' });
  expect(await search()).toEqual(['one']);
  await page.waitForFunction(async () =>
    (await (await caches.open('unlabel')).keys()).some(({ url }) => url.endsWith('changing')),
  );
  expect(await search()).toEqual(['one']);
  await client.vectors.upsert([{ id: 'two', vector: two }], { namespace: 'changing' });
  expect((await search()).toSorted()).toEqual(['one', 'two']);
  await expect.poll(() => statuses).toEqual([404, 200, 304, 200]);
});

test('an invalid search throws the typed error of the service', async () => {
  const failures = await page.evaluate(async () => {
    const mismatch = {
      embedding: new Float32Array(128).fill(1),
      model: { name: 'cifar10', version: '0.0.1' },
    };
    return [
      await unlabel.failureOf(engine.search(mismatch)),
      await unlabel.failureOf(engine.search({ id: 'nobody' })),
      await unlabel.failureOf(engine.search(new Float32Array(128))),
      await unlabel.failureOf(engine.search([1, 2, 3])),
      await unlabel.failureOf(engine.search([1], { topK: 0 })),
      await unlabel.failureOf(engine.search([1], { namespace: '../models' })),
    ].map((failure) => failure?.code);
  });
  expect(failures).toEqual([
    'model_mismatch',
    'vector_not_found',
    'invalid_parameter',
    'model_mismatch',
    'invalid_parameter',
    'invalid_parameter',
  ]);
});

test('the automatic engine searches the service, or the page if that fails', async () => {
  const sourceOf = () =>
    page.evaluate(
      async ({ picture, url }) => {
        const hosted = unlabel.createClient({ url, maxRetries: 0 });
        const automatic = unlabel.createEngine<string>({ hosted, local: engine });
        return (await automatic.search(unlabel.bytesOf(picture))).source;
      },
      { picture: picture(), url: site.hosted.url },
    );
  await page.evaluate(() => engine.ready);
  expect(await sourceOf()).toBe('hosted');
  await page.route('**/v1/search*', (route) => route.abort());
  expect(await sourceOf()).toBe('local');
});
