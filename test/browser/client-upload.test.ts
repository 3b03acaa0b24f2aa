import type { Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { fixturePictures, pngPictures } from '../../scripts/harness/inputs/pictures.ts';
import { tensorMediaType } from '../../src/contract/wire.ts';
import { type Client, createClient } from '../../src/index.ts';
import { photo12MP } from './deliver.ts';
import { base64, type Site, startSite } from './site.ts';

let site: Site;
let page: Page;
let requests: Request[];
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.stop());
beforeEach(async () => {
  page = await site.open();
  requests = [];
  // Chromium tells the size of a Blob on its way only where the request is looked at.
  await page.route('**/v1/**', (route) => route.continue());
  page.on('request', (request) => {
    if (request.url().startsWith(site.hosted.url)) requests.push(request);
  });
});
afterEach(() => page.context().close());

/** Classifies files in the page, each alone and then all at once. */
const classify = (files: Uint8Array[], options: { upload?: 'file' | 'tensor'; model?: string } = {}) =>
  page.evaluate(
    async ({ url, files, options }) => {
      const client = unlabel.createClient({ url, ...options });
      const images = files.map((file) => new Blob([unlabel.bytesOf(file)]));
      const alone = [];
      for (const image of images) alone.push(await client.classify(image, { topK: 1000 }));
      return { alone, together: await client.classify(images, { topK: 1000 }) };
    },
    { url: site.hosted.url, files: files.map(base64), options },
  );

const posts = () => requests.filter((request) => request.method() === 'POST');
const paths = () => requests.map((request) => new URL(request.url()).pathname);

test('a page sends the pixels that the network sees, for the same prediction', async () => {
  const files = pngPictures(40).map(({ bytes }) => bytes);
  const { alone, together } = await classify(files);
  const fromFiles = await createClient({ url: site.hosted.url }).classify(files, { topK: 1000 });
  expect(alone).toEqual(
    await Promise.all(
      files.map((file) => createClient({ url: site.hosted.url }).classify(file, { topK: 1000 })),
    ),
  );
  expect(together).toEqual(fromFiles);

  expect(paths().filter((path) => path.startsWith('/v1/models'))).toEqual(['/v1/models']);
  const types = await Promise.all(posts().map((request) => request.headerValue('content-type')));
  expect(types.slice(0, 40)).toEqual(Array(40).fill(tensorMediaType));
  // Both are under way together, in any order.
  expect(types.slice(40).toSorted()).toEqual([`${tensorMediaType}; batch=32`, `${tensorMediaType}; batch=8`]);
});

test('a photo of 12 megapixels costs 3 kB', async () => {
  const photo = await photo12MP(page);
  await classify([photo], { model: 'cifar10' });
  const sizes = await Promise.all(posts().map(async (request) => (await request.sizes()).requestBodySize));
  expect(sizes).toEqual([32 * 32 * 3, 32 * 32 * 3]);
  expect(paths()).toContain('/v1/models/cifar10');
});

test('the pixels of several regions share a request', async () => {
  const [picture] = pngPictures(1);
  const bytes = picture?.bytes as Uint8Array;
  const regions = Array.from({ length: 20 }, (_, x) => ({ x, y: x, width: 8 + (x % 4), height: 9 }));
  await page.evaluate(
    async ({ url, file, regions }) => {
      const image = unlabel.bytesOf(file);
      const items = regions.map((region, i) => ({ id: `${i}`, vector: { image, region } }));
      await unlabel.createClient({ url }).vectors.upsert(items, { namespace: 'regions' });
    },
    { url: site.hosted.url, file: base64(bytes), regions },
  );
  expect(paths()).toEqual(['/v1/models', '/v1/embeddings', '/v1/vectors']);
  const client = createClient({ url: site.hosted.url });
  for (const [i, region] of regions.entries())
    expect((await client.vectors.get(`${i}`, { namespace: 'regions' })).embedding).toEqual(
      (await client.embed(bytes, { region })).embedding,
    );
});

test('a file is sent as it is where that is asked for', async () => {
  const [jpeg] = fixturePictures('jpg');
  const bytes = jpeg?.bytes as Uint8Array;
  const { alone } = await classify([bytes], { upload: 'file' });
  expect(alone[0]?.predictions).toHaveLength(10);
  expect((await posts()[0]?.sizes())?.requestBodySize).toBe(bytes.length);
  expect(paths()).not.toContain('/v1/models');
});

test('what cannot be read is refused before it is sent', async () => {
  const failure = await page.evaluate(
    (url) =>
      unlabel.failureOf(unlabel.createClient({ url }).classify([new Blob(['just words, not an image'])])),
    site.hosted.url,
  );
  expect(failure).toMatchObject({ name: 'UnlabelError', code: 'unsupported_media_type', field: 'images[0]' });
  expect(posts()).toEqual([]);
});

test('the size is asked for once by concurrent calls, and again after a failure', async () => {
  let broken = true;
  await page.route('**/v1/models/cifar10', (route) => {
    if (broken) return route.abort('connectionrefused');
    return route.continue();
  });
  const call = (count: number) =>
    page.evaluate(
      async ({ url, count, file }) => {
        globalThis.client ??= unlabel.createClient({ url, model: 'cifar10', maxRetries: 0 });
        const calls = Array.from({ length: count }, () => client.classify(unlabel.bytesOf(file)));
        return (await Promise.allSettled(calls)).map(({ status }) => status);
      },
      { url: site.hosted.url, count, file: base64(pngPictures(1)[0]?.bytes as Uint8Array) },
    );
  expect(await call(3)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(paths()).toEqual(['/v1/models/cifar10']);
  broken = false;
  expect(await call(3)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  expect(paths().filter((path) => path === '/v1/models/cifar10')).toHaveLength(2);
});

/** The page is opened before the model changes from 16 pixels to 32. @returns how often the size was asked for. */
async function changeSize(): Promise<() => number> {
  let answers = 0;
  await page.route('**/v1/models/cifar10', async (route) => {
    const response = await route.fetch();
    const manifest = await response.json();
    if (answers++ === 0) manifest.input = { width: 16, height: 16 };
    await route.fulfill({ response, json: manifest });
  });
  return () => answers;
}

test('a model that has another size since is asked for anew, once', async () => {
  const answers = await changeSize();
  const [picture] = pngPictures(1);
  const bytes = picture?.bytes as Uint8Array<ArrayBuffer>;
  const { alone } = await classify([bytes], { model: 'cifar10' });
  expect(alone).toEqual([await createClient({ url: site.hosted.url }).classify(bytes, { topK: 1000 })]);
  expect(answers()).toBe(2);
  const sizes = await Promise.all(posts().map(async (request) => (await request.sizes()).requestBodySize));
  expect(sizes).toEqual([768, 3072, 3072]);
});

test('a call with settled: true asks for a new size as any other', async () => {
  const answers = await changeSize();
  const outcomes = await page.evaluate(
    async ({ url, file }) => {
      const client = unlabel.createClient({ url, model: 'cifar10' });
      const answers = await client.classify([unlabel.bytesOf(file)], { settled: true });
      return answers.map(({ status }) => status);
    },
    { url: site.hosted.url, file: base64(pngPictures(1)[0]?.bytes as Uint8Array) },
  );
  expect(outcomes).toEqual(['fulfilled']);
  expect(answers()).toBe(2);
});

test('a call that is aborted while the size is awaited ends at once', async () => {
  const asked = Promise.withResolvers<void>();
  await page.route('**/v1/models/cifar10', () => asked.resolve());
  await page.exposeFunction('asked', () => asked.promise);
  const message = await page.evaluate(
    async ({ url, file }) => {
      const client = unlabel.createClient({ url, model: 'cifar10' });
      const controller = new AbortController();
      const failure = unlabel.failureOf(
        client.classify(unlabel.bytesOf(file), { signal: controller.signal }),
      );
      await (Reflect.get(globalThis, 'asked') as () => Promise<void>)();
      controller.abort(new Error('the user left'));
      return (await failure)?.message;
    },
    { url: site.hosted.url, file: base64(pngPictures(1)[0]?.bytes as Uint8Array) },
  );
  expect(message).toBe('the user left');
});

declare global {
  var client: Client;
}
