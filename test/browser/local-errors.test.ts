import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServedPage, servePage } from '../../scripts/harness/servers/serve-page.ts';
import type { Manifest } from '../../src/contract/manifest.ts';
import { type Site, startSite } from './site.ts';

let site: Site;
/** Whose policy forbids WebAssembly. */
let strict: ServedPage;
beforeAll(async () => {
  strict = await servePage({ headers: { 'content-security-policy': "script-src 'self'" } });
  site = await startSite({
    flags: ['--host-resolver-rules=MAP insecure.test 127.0.0.1'],
    otherPages: [strict],
    aliases: ['insecure.test'],
  });
});
afterAll(async () => {
  await Promise.all([site?.stop(), strict?.stop()]);
});

interface Options {
  model?: string;
  baseUrl?: string;
  runtimeUrl?: string;
  apiKey?: string;
}

/** The error of an engine in a page of its own. */
async function failureIn(
  options: Options,
  { url = site.served.url, prepare = async (_: Page): Promise<unknown> => undefined } = {},
) {
  const page = await (await site.browser.newContext()).newPage();
  await prepare(page);
  await page.goto(url);
  await page.waitForFunction(() => 'unlabel' in globalThis);
  const failure = await page.evaluate(
    (options) =>
      unlabel.failureOf(
        (async () => unlabel.createLocalEngine({ model: 'cifar10', device: 'wasm', ...options }).ready)(),
      ),
    { baseUrl: site.hosted.url, ...options },
  );
  await page.context().close();
  return failure;
}

const changeManifest = (change: (manifest: Manifest) => void) => (page: Page) =>
  page.route('**/v1/models/cifar10', async (route) => {
    const response = await route.fetch();
    const manifest: Manifest = await response.json();
    change(manifest);
    await route.fulfill({ response, json: manifest });
  });

test.each([
  ['baseUrl', { baseUrl: 'http://user:secret@127.0.0.1:1/' }],
  ['model', { model: 'http://user:secret@127.0.0.1:1/manifest.json' }],
  ['runtimeUrl', { runtimeUrl: 'http://user@127.0.0.1:1/' }],
  ['baseUrl', { baseUrl: 'ftp://127.0.0.1/' }],
  ['baseUrl', { baseUrl: 'http://[' }],
])('an address that cannot be requested is refused at once: %s %j', async (field, options) => {
  const failure = await failureIn(options);
  expect(failure).toMatchObject({ name: 'UnlabelError', code: 'invalid_parameter', field });
  expect(failure?.message).toContain(`${field} must be an http or https address`);
  expect(failure?.message).not.toContain('secret');
});

test('a page without crypto.subtle is told to use https', async () => {
  const url = site.served.url.replace('127.0.0.1', 'insecure.test');
  const failure = await failureIn({}, { url });
  expect(failure).toMatchObject({ code: 'model_unavailable' });
  expect(failure?.message).toMatch(/not a secure context.*https/);
  expect(failure?.message).toContain(site.hosted.url);
});

test('a page whose policy forbids WebAssembly is told what to add', async () => {
  const failure = await failureIn({}, { url: strict.url });
  expect(failure).toMatchObject({ code: 'model_unavailable' });
  expect(failure?.message).toContain("'wasm-unsafe-eval'");
});

test.each([
  ['a host that is not there', { baseUrl: 'http://127.0.0.1:1' }, 'http://127.0.0.1:1/v1/models/cifar10'],
  ['a runtime that is HTML', { runtimeUrl: '/?' }, '/ort.wasm'],
])('the error names the address: %s', async (_, options, address) => {
  const failure = await failureIn(options, {
    prepare: (page) =>
      page.route('**/ort.wasm', (route) =>
        route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
      ),
  });
  expect(failure).toMatchObject({ name: 'UnlabelError', code: 'model_unavailable' });
  expect(failure?.message).toContain(address);
});

test('weights that were changed: the error has the address and both hashes', async () => {
  const failure = await failureIn(
    {},
    {
      prepare: changeManifest(({ files }) => {
        for (const file of files) file.sha256 = 'a'.repeat(64);
      }),
    },
  );
  expect(failure).toMatchObject({ code: 'model_unavailable' });
  expect(failure?.message).toMatch(/cifar10\.int8\.onnx.*SHA-256 a{64}, but the file has [0-9a-f]{64}/);
});

test.each([1e12, -1, 0, 1.5, '5' as never])(
  'a manifest with %j bytes of weights is a typed error',
  async (bytes) => {
    const failure = await failureIn(
      {},
      {
        prepare: changeManifest(({ files }) => {
          for (const file of files) file.bytes = bytes;
        }),
      },
    );
    expect(failure).toMatchObject({ name: 'UnlabelError', code: 'model_unavailable' });
    expect(failure?.message).toMatch(/\/v1\/models\/cifar10 .*files\[0\]\.bytes: expected a whole number/);
  },
);

test('the API key goes to the origin of baseUrl only', async () => {
  const sent = new Map<string, string | undefined>();
  const elsewhere = site.hosted.url.replace('127.0.0.1', 'localhost');
  const watch = (page: Page) =>
    page.route('**/v1/**', async (route) => {
      const { url, key } = {
        url: new URL(route.request().url()),
        key: await route.request().headerValue('authorization'),
      };
      if (route.request().method() === 'GET') sent.set(url.origin, key ?? undefined);
      await route.continue();
    });
  const options = { apiKey: 'top', baseUrl: site.hosted.url };
  expect(await failureIn(options, { prepare: watch })).toBeUndefined();
  expect(sent.get(site.hosted.url)).toBe('Bearer top');
  sent.clear();
  const foreign = { ...options, model: `${elsewhere}/v1/models/cifar10` };
  expect(await failureIn(foreign, { prepare: watch })).toBeUndefined();
  expect([...sent]).toEqual([[elsewhere, undefined]]);
});

test('a key that was not sent is named where the answer is 401', async () => {
  const elsewhere = site.hosted.url.replace('127.0.0.1', 'localhost');
  const failure = await failureIn(
    { apiKey: 'top', model: `${elsewhere}/v1/models/cifar10` },
    {
      prepare: (page) =>
        page.route('**/v1/models/cifar10', (route) =>
          route.fulfill({ status: 401, headers: { 'access-control-allow-origin': '*' } }),
        ),
    },
  );
  expect(failure).toMatchObject({ code: 'unauthorized' });
  expect(failure?.message).toContain('sent to the origin of baseUrl only');
});
