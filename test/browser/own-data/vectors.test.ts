/** Vectors that a page keeps: over visits, as a file, from the service, and beside its namespaces. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { pngPictures } from '../../../scripts/harness/inputs/pictures.ts';
import { type Client, createClient } from '../../../src/index.ts';
import { base64, type Site, startSite } from '../site.ts';

const pictures = pngPictures(6).map(({ bytes }) => bytes);
const files = pictures.map(base64);

let site: Site;
let page: Page;
let client: Client;
beforeAll(async () => {
  site = await startSite();
  client = createClient({ url: site.hosted.url, model: 'cifar10' });
  await client.vectors.upsert(pictures.map((vector, i) => ({ id: `p${i}`, vector, metadata: { place: i } })));
});
afterAll(() => site?.stop());
beforeEach(async () => {
  page = await site.open();
  await start();
});
afterEach(() => page.context().close());

const start = () =>
  page.evaluate((baseUrl) => {
    globalThis.engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm' });
  }, site.hosted.url);
const search = (file = files[0] as string) =>
  page.evaluate(async (file) => (await engine.search(unlabel.bytesOf(file))).matches, file);
const goOffline = () =>
  page.route(`${site.hosted.url}/v1/**`, (route) => route.abort('internetdisconnected'));

test('a pulled namespace is searched offline, written to, and left alone by the service', async () => {
  const expected = (await client.search(pictures[0] as Uint8Array)).matches;
  expect(await page.evaluate(() => engine.vectors.pull())).toBe(6);
  expect(await search()).toEqual(expected);
  await page.evaluate(() => engine.vectors.delete('p0'));
  await page.evaluate(
    (file) => engine.vectors.upsert([{ id: 'mine', vector: unlabel.bytesOf(file) }]),
    files[0] as string,
  );
  const own = await search();
  expect(own.map(({ id }) => id)).toContain('mine');
  expect(own.map(({ id }) => id)).not.toContain('p0');
  expect(await client.vectors.count()).toBe(6);

  // The weights and the manifest are kept; the vectors too.
  await page.waitForFunction(async () => (await (await caches.open('unlabel')).keys()).length >= 3);
  await page.reload();
  await goOffline();
  await start();
  expect(await search()).toEqual(own);
});

test('an empty namespace of the page leaves the one of the deployment to be searched', async () => {
  const expected = (await client.search(pictures[1] as Uint8Array)).matches;
  expect(await search(files[1])).toEqual(expected);
  expect(await page.evaluate(() => engine.vectors.count())).toBe(0);
  await page.evaluate(() => engine.vectors.upsert([{ id: 'own', vector: Array(128).fill(1) }]));
  expect((await search(files[1])).map(({ id }) => id)).toEqual(['own']);
  await page.evaluate(() => engine.vectors.clear({ namespace: 'default' }));
  expect(await search(files[1])).toEqual(expected);
  expect(await page.evaluate(() => engine.vectors.pull({ namespace: 'nothing' }))).toBe(0);
});

test('a namespace goes into a file, which the other readers of such files take, and back', async () => {
  const outcome = await page.evaluate(async (files) => {
    const images = files.map((file) => unlabel.bytesOf(file));
    const namespace = 'album';
    await engine.vectors.upsert(
      images.map((vector, i) => ({ id: `a${i}`, vector, metadata: { label: i % 2 ? 'odd' : 'even' } })),
      { namespace },
    );
    const before = await engine.search(images, { namespace, filter: { label: 'odd' } });
    const file = await engine.vectors.export({ namespace });
    await engine.vectors.clear({ namespace });
    const count = await engine.vectors.import(file, { namespace: 'copy' });
    const after = await engine.search(images, { namespace: 'copy', filter: { label: 'odd' } });
    // Its labels make it a set of classes too.
    const set = await engine.classes.import('album', file);
    const { predictions } = await engine.classify(images[0] as Uint8Array, { classes: 'album' });
    const refused = [
      await unlabel.failureOf(engine.vectors.export({ namespace })),
      await unlabel.failureOf(engine.vectors.import(new Blob(['x']))),
      await unlabel.failureOf(engine.vectors.import(file, { namespace: 'gallery' })),
    ];
    return { isSame: JSON.stringify(before) === JSON.stringify(after), count, set, predictions, refused };
  }, files);
  expect(outcome).toMatchObject({ isSame: true, count: 6, predictions: [{}, {}] });
  expect(outcome.set.classes).toEqual([
    { label: 'even', count: 3 },
    { label: 'odd', count: 3 },
  ]);
  expect(outcome.refused.map((failure) => failure?.code)).toEqual([
    'not_found',
    'invalid_request',
    'invalid_parameter',
  ]);
});

test('an upsert is stored whole or not at all', async () => {
  const [failure, count] = await page.evaluate(async () => {
    const vector = Array(128).fill(1);
    const failure = await unlabel.failureOf(
      engine.vectors.upsert([
        { id: 'good', vector },
        { id: 'bad', vector: [1, 2, 3] },
      ]),
    );
    return [failure, await engine.vectors.count()] as const;
  });
  expect(failure?.code).toBe('model_mismatch');
  expect(count).toBe(0);
});

test('two tabs that change a vector at the same time lose no change', async () => {
  await page.evaluate(() => engine.vectors.upsert([{ id: 'a', vector: Array(128).fill(1) }]));
  const first = page;
  page = await first.context().newPage();
  await page.goto(site.served.url);
  await start();
  const change = (tab: Page, name: string) =>
    tab.evaluate(async (name) => {
      for (let i = 0; i < 15; i++) await engine.vectors.update('a', { metadata: { [`${name}${i}`]: i } });
    }, name);
  await Promise.all([change(first, 'one'), change(page, 'two')]);
  const { metadata } = await page.evaluate(() => engine.vectors.get('a'));
  expect(Object.keys(metadata)).toHaveLength(30);
});

test('the filter of a call is the one that it was given, whatever becomes of it', async () => {
  const outcome = await page.evaluate(async () => {
    const vector = Array(128).fill(1);
    const items = ['a', 'b', 'c'].map((id, n) => ({
      id,
      vector: vector.map((v, i) => v + (i % 3) * n),
      metadata: { n },
    }));
    await engine.vectors.upsert(items);
    const filter: { n: unknown } = { n: 1 };
    const options = { filter: filter as { n: number } };
    const listing = engine.vectors.list(options);
    const answers = [engine.vectors.count(options), listing.next()] as const;
    filter.n = { gt: {} };
    const [count, { value: item }] = await Promise.all(answers);
    const refused = [
      await unlabel.failureOf(engine.vectors.count(options)),
      await unlabel.failureOf(engine.vectors.list(options).next()),
    ];
    filter.n = { gte: 0 };
    const pairs = engine.vectors.duplicates({ ...options, minScore: 0.5 });
    const first = pairs.next();
    filter.n = 9;
    return { count, id: item?.id, refused, isPair: !(await first).done };
  });
  expect(outcome).toMatchObject({ count: 1, id: 'b', isPair: true });
  expect(outcome.refused.map((failure) => failure?.code)).toEqual(['invalid_parameter', 'invalid_parameter']);
});

test('the automatic engine asks the page for what the page keeps, and the service for the rest', async () => {
  const sources = await page.evaluate(
    async ({ url, files }) => {
      const hosted = unlabel.createClient({ url, model: 'cifar10', maxRetries: 0 });
      const automatic = unlabel.createEngine<string>({ hosted, local: engine, prefer: 'hosted' });
      const [one, two] = files.map((file) => unlabel.bytesOf(file)) as [Uint8Array, Uint8Array];
      await automatic.vectors.upsert([{ id: 'a', vector: one, metadata: { label: 'mine' } }], {
        namespace: 'album',
      });
      await automatic.classes.create('mine', { one: [one], two: [two] });
      await hosted.classes.create('theirs', { one: [one], two: [two] });
      const method = 'neighbors';
      const answers = [
        await automatic.search(one, { namespace: 'album' }),
        await automatic.search(one),
        await automatic.classify(one, { classes: 'mine' }),
        await automatic.classify(one, { classes: 'theirs' }),
        await automatic.classify(one, { method, namespace: 'album' }),
        await automatic.classify(one, { method }),
      ];
      return answers.map(({ source }) => source);
    },
    { url: site.hosted.url, files },
  );
  expect(sources).toEqual(['local', 'hosted', 'local', 'hosted', 'local', 'hosted']);
});
