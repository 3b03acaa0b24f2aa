import { env, waitUntil } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { codecs } from '../../src/image/codecs/codecs-workerd.ts';
import { workerdRuntime } from '../../src/inference/runtime/runtime-workerd.ts';
import { createAppOn } from '../../src/server/app.ts';
import type { Bindings } from '../../src/server/platform.ts';
import { sha256 } from '../../src/util/sha256.ts';

const app = createAppOn({ runtime: workerdRuntime, codecs, waitUntil }, { log: () => {} });
const open = env as unknown as Bindings;
/** Without the limit of requests, of which the walks make more than it allows. */
const { RATE_LIMIT: _, ...unlimited } = open;
const closed: Bindings = { ...unlimited, API_KEY_HASHES: await sha256(new TextEncoder().encode('key')) };
const key = { authorization: 'Bearer key' };

const send = async (method: string, path: string, headers: Record<string, string> = {}) => {
  const answer = await app.request(path, { method, headers }, closed);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};

const routes = app.routes.filter(({ method }) => method !== 'ALL');
const parameter = /:(\w+)(\{[^}]*\})?/g;
/** A good value of each parameter. */
const good: Record<string, string> = {
  name: 'cifar10',
  file: 'cifar10.int8.onnx',
  version: '1.0.0',
  id: 'a',
  namespace: 'default',
};
/** What decodes to another path, or cuts off the rest of one. */
const hostile = [
  '..%2Fmodels%2Fcifar10%2Fcifar10.int8.onnx%3F',
  '..%2Fmodels%2Fcifar10%2Fmanifest.json%23',
  '..%2F..%2Fmodels%2Findex.json%3F',
  '..%252Fmodels%252Findex.json%253F',
  '..%5Cmodels%5Cindex.json%3F',
  '%2e%2e%2fmodels%2fcifar10%2fgallery.bin%3f',
  '%2Fmodels%2Findex.json%3F',
  '.%2F.%2Fcifar10%2F',
  'cifar10%2Fmanifest.json%3F',
  'cifar10%00',
  '%2e',
  '...',
];

const walks = routes.flatMap(({ method, path }) =>
  Array.from(path.matchAll(parameter), ([, name = '']) => [method, path, name] as const),
);

test('the router has parameters to walk', () => {
  expect(new Set(walks.map(([, , name]) => name)).size).toBeGreaterThan(3);
});

test.each(walks)('%s %s: no value of %s leads out of its place', async (method, path, name) => {
  for (const value of hostile) {
    const url = path.replaceAll(parameter, (_, each) => {
      const isFile = each === 'file' && path.startsWith('/runtime');
      return each === name ? value + (isFile ? '.wasm' : '') : isFile ? 'x.wasm' : (good[each] ?? 'x');
    });
    for (const verb of method === 'GET' ? ['GET', 'HEAD', 'OPTIONS'] : [method]) {
      const without = await send(verb, url);
      const preflight = verb === 'OPTIONS' && without.status === 204;
      if (!preflight)
        expect([url, without.status]).toEqual([url, path.startsWith('/v1') ? 401 : expect.any(Number)]);
      if (!path.startsWith('/v1') && !preflight) expect([url, without.status]).toEqual([url, 404]);
      const withKey = await send(verb, url, key);
      // To delete what is not there succeeds.
      if (!preflight && verb !== 'DELETE')
        expect([url, withKey.status >= 400 && withKey.status < 500]).toEqual([url, true]);
      for (const { headers, text } of [without, withKey]) {
        expect(headers.get('content-type') ?? '').not.toMatch(/octet-stream|wasm/);
        expect(headers.get('cache-control') ?? '').not.toMatch(/public|immutable/);
        expect(text).not.toMatch(/"models"|"golden"|onnx\b.*sha256/);
      }
    }
  }
});

test('no spelling of the assets’ own paths gives them, or tells whether they exist', async () => {
  const spell = (model: string) => [
    `/models/${model}/manifest.json`,
    `//models/${model}/manifest.json`,
    `/models//${model}/manifest.json`,
    `/%6dodels/${model}/manifest.json`,
    `/models%2F${model}%2Fmanifest.json`,
    `/MODELS/${model}/manifest.json`,
    `/x/..%2Fmodels/${model}/manifest.json`,
    `/x/%2e%2e/models/${model}/manifest.json`,
    `/%2e%2e%2fmodels/${model}/manifest.json`,
    `/.%2Fmodels/${model}/manifest.json`,
    `/\\models/${model}/manifest.json`,
    `//${model}`,
    `/models/${model}`,
    `/models/${model}/`,
    `//v1/models/${model}`,
    `/v1//models/${model}`,
    `/V1/models/${model}`,
  ];
  const nowhere = spell('nowhere');
  for (const [i, path] of spell('cifar10').entries())
    for (const method of ['GET', 'HEAD'])
      for (const headers of [{}, key]) {
        const answers = [await send(method, path, headers), await send(method, nowhere[i] ?? '', headers)];
        expect([path, method, ...answers.map(({ status }) => status)]).toEqual([
          path,
          method,
          answers[1]?.status,
          answers[1]?.status,
        ]);
        expect(answers[0]?.status).toSatisfy((status) => status === 404 || status === 401);
      }
});

test('every GET has its HEAD, and the pages too', async () => {
  const paths = routes
    .filter(({ method }) => method === 'GET')
    .map(({ path }) => path.replaceAll(parameter, (_, name) => good[name] ?? 'x'));
  for (const path of [...paths, '/', '/docs', '/pages/page.js', '/pages/style.css']) {
    const [get, head] = [await send('GET', path, key), await send('HEAD', path, key)];
    expect([path, head.status, head.text]).toEqual([path, get.status, '']);
  }
  for (const path of ['/', '/docs', '/pages/page.js']) expect((await send('HEAD', path)).status).toBe(200);
});

test('shared caches keep nothing that needed a key, and the weights of an open deployment', async () => {
  const [path] = ['/v1/models/cifar10/cifar10.int8.onnx'];
  const manifest = await (await app.request('/v1/models/cifar10', {}, open)).json<{
    files: { sha256: string }[];
  }>();
  const immutable = `${path}?sha256=${manifest.files[0]?.sha256}`;
  const cacheOf = async (path: string, bindings: Bindings) => {
    const { headers } = await app.request(path, { headers: key }, bindings);
    return [headers.get('cache-control'), headers.get('vary')];
  };
  expect(await cacheOf(immutable, open)).toEqual(['public, max-age=31536000, immutable', null]);
  expect(await cacheOf(immutable, closed)).toEqual([
    'private, max-age=31536000, immutable',
    expect.stringMatching(/authorization/i),
  ]);
  for (const { method, path } of routes.filter(({ path }) => path.startsWith('/v1'))) {
    const url = path.replaceAll(parameter, (_, name) => good[name] ?? 'x');
    for (const headers of [key, {}]) {
      const answer = await app.request(url, { method, headers }, closed);
      expect([url, answer.headers.get('cache-control')]).toEqual([url, expect.stringMatching(/^private/)]);
      expect(answer.headers.get('vary')).toMatch(/authorization/);
    }
  }
});
