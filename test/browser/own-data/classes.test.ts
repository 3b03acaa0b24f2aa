/** Classes that a page keeps: over visits, between tabs, as a file, and on their way to the service. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../../scripts/harness/inputs/draw-png.ts';
import { type Client, createClient } from '../../../src/index.ts';
import { base64, type Site, startSite } from '../site.ts';

const file = base64(drawPng(40, 32, (x, y) => [x * 6, y * 8, 100]));

let site: Site;
let client: Client;
beforeAll(async () => {
  site = await startSite();
  client = createClient({ url: site.hosted.url, model: 'cifar10' });
});
afterAll(() => site?.stop());

/** Opens the page in a profile, with an engine. */
async function openIn(context: BrowserContext, script?: () => void): Promise<Page> {
  const page = await context.newPage();
  if (script) await page.addInitScript(script);
  await page.goto(site.served.url);
  await start(page);
  return page;
}
const start = (page: Page) =>
  page.evaluate((baseUrl) => {
    globalThis.engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm' });
  }, site.hosted.url);
const open = async (script?: () => void) => openIn(await site.browser.newContext(), script);

/** Adds examples of some labels that are near a corner of their own each. */
const add = (page: Page, name: string, count: number, labels = ['a', 'b', 'c', 'd'], each = 1) =>
  page.evaluate(
    async ({ name, count, labels, each }) => {
      const seeded = (place: number) => (i: number) =>
        Math.sin(7 * place + i * (1 + (place % labels.length)));
      const ids: string[] = [];
      for (let place = 0; place < count; place += each) {
        const some = Array.from({ length: each }, (_, i) => place + i);
        const pictures = Object.fromEntries(
          labels.map((label, i) => [
            label,
            some
              .filter((place) => place % labels.length === i)
              .map((place) => Float32Array.from({ length: 128 }, (_, i) => seeded(place)(i))),
          ]),
        );
        const full = Object.entries(pictures).filter(([, vectors]) => vectors.length > 0);
        ids.push(...(await engine.classes.add(name, Object.fromEntries(full))));
      }
      return ids;
    },
    { name, count, labels, each },
  );
const classify = (page: Page, name: string) =>
  page.evaluate(
    async ({ file, name }) => {
      const { source, ...answer } = await engine.classify(unlabel.bytesOf(file), { classes: name });
      return answer;
    },
    { file, name },
  );

test('1,000 examples: added, found after a reload, exported, imported elsewhere, and pushed', async () => {
  const page = await open();
  const ids = await add(page, 'many', 1000, undefined, 4);
  expect(new Set(ids).size).toBe(1000);
  const answer = await classify(page, 'many');
  expect(answer.predictions).toHaveLength(4);
  expect(answer.unknown).toBeTypeOf('boolean');

  await page.reload();
  await page.route(`${site.hosted.url}/v1/classify*`, (route) => route.abort());
  await start(page);
  expect(await page.evaluate(() => engine.persistent)).toBe(true);
  expect(await classify(page, 'many')).toEqual(answer);
  expect(await page.evaluate(async () => (await engine.classes.get('many')).classes)).toEqual(
    ['a', 'b', 'c', 'd'].map((label) => ({ label, count: 250 })),
  );

  const exported = await page.evaluate(async () => {
    const bytes = new Uint8Array(await (await engine.classes.export('many')).arrayBuffer());
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  });
  const elsewhere = await open();
  const imported = await elsewhere.evaluate(async (text) => {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    return engine.classes.import('copy', new Blob([bytes]));
  }, exported);
  expect(imported.classes).toHaveLength(4);
  expect(await classify(elsewhere, 'copy')).toEqual(answer);

  // And a full one: the next example has no room.
  const full = await elsewhere.evaluate(() =>
    unlabel.failureOf(engine.classes.add('copy', { e: [Array(128).fill(1)] })),
  );
  expect(full).toMatchObject({ code: 'quota_exceeded', field: 'pictures' });

  await elsewhere.evaluate(async (url) => {
    await engine.classes.push('copy', unlabel.createClient({ url, model: 'cifar10' }));
  }, site.hosted.url);
  const { source, ...hosted } = await client.classify(Buffer.from(file, 'base64'), { classes: 'copy' });
  expect(hosted).toEqual(answer);
  await Promise.all([page, elsewhere].map((opened) => opened.context().close()));
});

test('examples are removed one by one, and an empty set is none', async () => {
  const page = await open();
  const ids = await add(page, 'few', 3, ['a', 'b']);
  const examples = () => page.evaluate(() => engine.classes.examples('few'));
  expect(await examples()).toEqual(['a', 'b', 'a'].map((label, i) => ({ id: ids[i], label })));
  const before = await classify(page, 'few');
  await page.evaluate((id) => engine.classes.remove('few', id), ids[1] as string);
  expect((await examples()).map(({ label }) => label)).toEqual(['a', 'a']);
  const after = await classify(page, 'few');
  expect(after.predictions).toEqual([{ label: 'a', index: 0, score: 1 }]);
  expect(after).not.toEqual(before);
  await page.evaluate(async (ids) => {
    for (const id of ids) await engine.classes.remove('few', id);
  }, ids);
  expect(await page.evaluate(() => engine.classes.list())).toEqual([]);
  expect((await page.evaluate(() => unlabel.failureOf(engine.classes.examples('few'))))?.code).toBe(
    'classes_not_found',
  );
  await page.context().close();
});

test('two tabs that add to a set at the same time lose no example, and see each other’s', async () => {
  const context = await site.browser.newContext();
  const [one, two] = [await openIn(context), await openIn(context)];
  const added = (await Promise.all([add(one, 'shared', 60), add(two, 'shared', 60)])).flat();
  expect(new Set(added).size).toBe(120);
  const [seen, alsoSeen] = await Promise.all(
    [one, two].map((page) =>
      page.evaluate(async () => (await engine.classes.examples('shared')).map(({ id }) => id)),
    ),
  );
  expect(seen?.toSorted()).toEqual(added.toSorted());
  expect(alsoSeen).toEqual(seen);
  // What a lookup of one tab holds in memory is read again after a write of the other one.
  const before = await classify(one, 'shared');
  await two.evaluate(() => engine.classes.add('shared', { new: [Array(128).fill(1)] }));
  expect((await classify(one, 'shared')).predictions).toHaveLength(before.predictions.length + 1);
  await context.close();
});

test.each([
  ['has none', () => Object.defineProperty(globalThis, 'indexedDB', { value: undefined })],
  [
    'refuses it',
    () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('denied', 'SecurityError');
      };
    },
  ],
])('a browser that %s keeps classes until the page is closed, and says so', async (_, script) => {
  const page = await open(script);
  await add(page, 'short', 8);
  expect(await page.evaluate(() => engine.persistent)).toBe(false);
  const answer = await classify(page, 'short');
  // Another engine of the page has them too, as it would with IndexedDB.
  await start(page);
  expect(await classify(page, 'short')).toEqual(answer);
  await page.reload();
  await start(page);
  expect(await page.evaluate(() => engine.classes.list())).toEqual([]);
  await page.context().close();
});

test('a browser without room rejects the write, and what was there stays', async () => {
  const page = await open();
  await add(page, 'kept', 4);
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(site.served.url);
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1000 });
  // Chromium looks at the quota again some time after it has let a write through.
  const fill = () =>
    page.evaluate(async () => {
      const examples = Array.from({ length: 1000 }, (_, i) =>
        Float32Array.from({ length: 128 }, (_, j) => Math.sin(i * j + 1)),
      );
      await engine.classes.delete('full');
      return (await unlabel.failureOf(engine.classes.create('full', { z: examples })))?.code;
    });
  await expect.poll(fill, { timeout: 60_000, interval: 2_000 }).toBe('quota_exceeded');
  const names = await page.evaluate(async () => (await engine.classes.list()).map(({ name }) => name));
  expect(names).toEqual(['kept']);
  expect((await classify(page, 'kept')).predictions).toHaveLength(4);
  await page.context().close();
}, 120_000);

test('a set of another version of the model is refused, and so is a file that is none', async () => {
  const page = await open();
  const failures = await page.evaluate(async () => {
    const model = { name: 'cifar10', version: '0.0.1' };
    await engine.classes.create('old', { a: [{ embedding: new Float32Array(128).fill(1), model }] });
    const results = [
      await unlabel.failureOf(engine.classify(new Blob(), { classes: 'old' })),
      await unlabel.failureOf(engine.classes.add('old', { a: [Array(128).fill(1)] })),
      await unlabel.failureOf(engine.classes.import('file', new Blob(['not an index']))),
      await unlabel.failureOf(engine.classes.import('file', 'text' as never)),
      await unlabel.failureOf(engine.classes.push('none', {} as never)),
    ];
    engine.dispose();
    return [...results, await unlabel.failureOf(engine.classes.list())].map((failure) => failure?.code);
  });
  expect(failures).toEqual([
    'model_mismatch',
    'model_mismatch',
    'invalid_request',
    'invalid_parameter',
    'classes_not_found',
    'model_unavailable',
  ]);
  await page.context().close();
});
