import { env, exports } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { createClient } from '../../../src/index.ts';
import { createApp } from '../../../src/server.ts';
import { createHost, type HostBindings } from './host.ts';

const bindings = env as unknown as HostBindings;
const worker = (exports as unknown as { default: Fetcher }).default;
const origin = 'https://host.test';
const root = createHost('/');
const tenants = createHost('/:tenant/ai');
const quiet = { log: () => {} };

/** Where the app may be mounted, and the path of it there. */
const mounts = [
  ['/', '', (path: string, init?: RequestInit) => root.request(origin + path, init, bindings)],
  [
    '/ai',
    '/ai',
    (path: string, init?: RequestInit) => worker.fetch(origin + path, { redirect: 'manual', ...init }),
  ],
  [
    '/:tenant/ai',
    '/shop/ai',
    (path: string, init?: RequestInit) => tenants.request(origin + path, init, bindings),
  ],
] as const;

test.each(mounts)('mounted at %s, it runs the model and stores vectors', async (_, prefix, send) => {
  expect(await (await send(`${prefix}/ready`)).json()).toEqual({ status: 'ready', model: 'cifar10' });
  const client = createClient({
    url: origin + prefix,
    fetch: async (url, init) => send(`${url}`.slice(origin.length), init),
  });
  const vector = Array.from({ length: 128 }, (_, i) => i + 1);
  await client.vectors.upsert([{ id: 'a', vector }]);
  expect((await client.search(vector)).matches).toMatchObject([{ id: 'a' }]);
  await client.vectors.delete('a');
});

test('the Durable Objects of the host are its own', async () => {
  const counts = [await worker.fetch(`${origin}/visits`), await worker.fetch(`${origin}/visits`)];
  expect(await Promise.all(counts.map((answer) => answer.json()))).toEqual([1, 2]);
});

/** Addresses that a page names, but for its own anchors. */
const linksOf = (html: string) =>
  Array.from(
    html.matchAll(/(?:href|src|value)="((?:\.|docs|openapi|pages)[^"#]*)"/g),
    ([, link = '']) => link,
  );

test.each(mounts)(
  'mounted at %s, it has its pages, and their links lead somewhere',
  async (_, prefix, send) => {
    const start = await send(prefix || '/');
    if (prefix) expect([start.status, start.headers.get('location')]).toEqual([308, `${prefix}/`]);
    for (const path of [`${prefix}/`, `${prefix}/docs`]) {
      const page = await send(path);
      const html = await page.text();
      expect([page.status, page.headers.get('content-type')]).toEqual([
        200,
        expect.stringMatching(/^text\/html/),
      ]);
      const links = linksOf(html);
      expect(links.length).toBeGreaterThan(6);
      for (const link of links) {
        const answer = await send(new URL(link, origin + path).pathname);
        await answer.arrayBuffer();
        expect([path, link, answer.status]).toEqual([path, link, 200]);
      }
    }
  },
);

test.each(mounts)('mounted at %s, OpenAPI tells where it is', async (_, prefix, send) => {
  const { servers, paths } = await (await send(`${prefix}/openapi.json`)).json<{
    servers: { url: string }[];
    paths: object;
  }>();
  expect(servers).toEqual([{ url: prefix || '/' }]);
  expect(Object.keys(paths)).toContain('/v1/classify');
});

test.each(mounts)(
  'mounted at %s, its failures are problems, whatever the host makes of its own',
  async (_, prefix, send) => {
    const failures: [string, RequestInit, number, string][] = [
      ['/v1/classify?topK=0', { method: 'POST', body: 'x' }, 422, 'invalid_parameter'],
      ['/v1/classify', { method: 'POST', body: 'x' }, 415, 'unsupported_media_type'],
      ['/v1/classify', {}, 405, 'method_not_allowed'],
      ['/v1/vectors/absent', {}, 404, 'vector_not_found'],
      ['/pages/nothing.js', {}, 404, 'not_found'],
    ];
    if (prefix)
      failures.push(
        ['/v1/nothing', {}, 404, 'not_found'],
        ['/nothing', { method: 'POST' }, 404, 'not_found'],
      );
    for (const [path, init, status, code] of failures) {
      const answer = await send(prefix + path, init);
      expect([path, answer.status]).toEqual([path, status]);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('x-frame-options')).toBe('DENY');
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(await answer.json()).toMatchObject({
        code,
        type: `${prefix}/docs#${code}`,
        requestId: answer.headers.get('x-request-id'),
      });
    }
  },
);

test.each(mounts)('mounted at %s, it leaves the host’s own routes alone', async (_, _prefix, send) => {
  const own: [string, RequestInit, number, string][] = [
    ['/before', {}, 200, 'before'],
    ['/after', {}, 200, 'after'],
    ['/v1/mine', {}, 200, 'mine'],
    ['/nowhere', {}, 404, 'nothing here'],
    ['/after', { method: 'OPTIONS' }, 404, 'nothing here'],
    ['/fails', {}, 500, 'the host fails'],
  ];
  for (const [path, init, status, text] of own) {
    const answer = await send(path, { ...init, headers: { origin: 'https://other.example' } });
    expect([path, answer.status, await answer.text()]).toEqual([path, status, text]);
    expect([path, [...answer.headers.keys()]]).toEqual([
      path,
      ['content-type'].concat(answer.headers.has('content-length') ? ['content-length'] : []).sort(),
    ]);
  }
});

/** Static assets with those of the package in a folder, and a single-page application beside them. */
const spa: HostBindings = {
  ...bindings,
  ASSETS: {
    async fetch(request) {
      const url = new URL(request.url);
      const isOfPackage = url.pathname.startsWith('/unlabel/');
      url.pathname = url.pathname.replace(/^\/unlabel/, '');
      const answer = isOfPackage ? await bindings.ASSETS.fetch(new Request(url, request)) : undefined;
      return answer?.ok ? answer : new Response('my page', { headers: { 'content-type': 'text/html' } });
    },
  },
};

test('the files of the package may be in a folder of the assets, beside a single-page application', async () => {
  const app = createApp({ ...quiet, assets: 'unlabel', pages: false });
  const send = (path: string) => app.request(origin + path, {}, spa);
  expect((await send('/ready')).status).toBe(200);
  for (const path of ['/', '/docs', '/my/page']) expect(await (await send(path)).text()).toBe('my page');
  for (const path of ['/runtime/0.0.1/ort.wasm', '/unlabel/models/index.json', '/UNLABEL/models/index.json'])
    expect([path, (await send(path)).status]).toEqual([path, 404]);
  expect((await app.request(`${origin}/ready`, {}, bindings)).status).toBe(200);

  const withPages = createApp({ ...quiet, assets: 'unlabel' });
  expect(await (await withPages.request(`${origin}/docs`, {}, spa)).text()).toContain('API reference');
  expect((await withPages.request(`${origin}/pages/nothing.js`, {}, spa)).status).toBe(404);
});

test.each([
  ['another machine', { 'cf-connecting-ip': '192.0.2.1' }, undefined, 403],
  ['an unknown one', {}, undefined, 403],
  ['this machine', { 'cf-connecting-ip': '127.0.0.1' }, undefined, 200],
  ['another machine', { 'cf-connecting-ip': '192.0.2.1' }, 'true', 200],
  ['another machine', { 'cf-connecting-ip': '192.0.2.1' }, '', 403],
  ['this machine', { 'cf-connecting-ip': '127.0.0.1' }, 'false', 403],
])(
  'without keys, %s (%j, ALLOW_OPEN_WRITES: %s) gets %i for a write',
  async (_, headers, allowed, status) => {
    const { ALLOW_OPEN_WRITES: _none, ...rest } = bindings;
    const open = { ...rest, ...(allowed !== undefined && { ALLOW_OPEN_WRITES: allowed }) };
    const app = createApp(quiet);
    const vector = Array.from({ length: 128 }, (_, i) => i + 1);
    const json = { ...headers, 'content-type': 'application/json' };
    const writes: [string, RequestInit][] = [
      ['/v1/vectors', { method: 'PUT', body: JSON.stringify({ vectors: [{ id: 'a', vector }] }) }],
      ['/v1/vectors/a', { method: 'PATCH', body: JSON.stringify({ metadata: { x: 1 } }) }],
      ['/v1/deletions', { method: 'POST', body: JSON.stringify({ filter: { x: 2 } }) }],
      ['/v1/vectors/a', { method: 'DELETE' }],
      ['/v1/vectors?namespace=default', { method: 'DELETE' }],
      ['/v1/classes/set', { method: 'PUT', body: JSON.stringify({ classes: { a: [{ vector }] } }) }],
      ['/v1/classes/set', { method: 'DELETE' }],
    ];
    for (const [path, init] of writes) {
      const answer = await app.request(origin + path, { ...init, headers: json }, open as HostBindings);
      expect([path, answer.status]).toEqual([path, status]);
      if (status === 403)
        expect(await answer.json()).toMatchObject({
          detail: expect.stringMatching(/keys add.*ALLOW_OPEN_WRITES/),
        });
    }
    expect((await app.request(`${origin}/v1/vectors`, { headers }, open as HostBindings)).status).toBe(200);
  },
);
