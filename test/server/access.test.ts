import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { createNodeApp, shippedAssets } from '../../scripts/harness/servers/shipped.ts';
import type { App } from '../../src/server/environment.ts';
import type { Scope } from '../../src/server/keys.ts';
import type { Bindings } from '../../src/server/platform.ts';

const digest = (key: string) => createHash('sha256').update(key).digest('hex');

/** What every route asks of a key; a route that is not here is not public by mistake. */
const needs: Record<string, Scope | 'nothing'> = {
  'POST /v1/classify': 'read',
  'POST /v1/embeddings': 'read',
  'POST /v1/search': 'read',
  'PUT /v1/vectors': 'write',
  'GET /v1/vectors': 'read',
  'DELETE /v1/vectors': 'write',
  'GET /v1/vectors/:id': 'read',
  'PATCH /v1/vectors/:id': 'write',
  'DELETE /v1/vectors/:id': 'write',
  'POST /v1/deletions': 'write',
  'GET /v1/namespaces': 'read',
  'GET /v1/aliases': 'read',
  'PUT /v1/aliases/:name': 'write',
  'DELETE /v1/aliases/:name': 'write',
  'GET /v1/index/:namespace': 'read',
  'PUT /v1/classes/:name': 'write',
  'GET /v1/classes': 'read',
  'GET /v1/classes/:name': 'read',
  'DELETE /v1/classes/:name': 'write',
  'GET /v1/models': 'read',
  'GET /v1/models/:name': 'read',
  'GET /v1/models/:name/:file': 'read',
  'GET /runtime/:version{[\\w-][\\w.-]*}/:file{[\\w-][\\w.-]*\\.wasm}': 'nothing',
  'GET /health': 'nothing',
  'GET /ready': 'nothing',
  'GET /openapi.json': 'nothing',
  'GET /': 'nothing',
  'GET /docs': 'nothing',
  'GET /pages/:file{[\\w-][\\w.-]*}': 'nothing',
};

const keys = {
  read: `${digest('read')}:read`,
  write: `${digest('write')}:write`,
  page: `${digest('page')}:read;origins=https://shop.example+https://www.shop.example`,
  photos: `${digest('photos')};namespaces=photos+more`,
  odd: `${digest('odd')}:read;until=2020`,
  revoked: digest('revoked'),
};
const { revoked: _, ...kept } = keys;
/** A deployment's bindings after `npm run keys -- revoke`. */
const env: Bindings = { ASSETS: shippedAssets, API_KEY_HASHES: Object.values(kept).join('\n') };
const before: Bindings = { ...env, API_KEY_HASHES: Object.values(keys).join(' ') };

let app: App;
beforeAll(() => {
  app = createNodeApp();
});

const ask = async (method: string, path: string, headers: Record<string, string>, bindings = env) => {
  const answer = await app.request(path, { method, headers }, bindings);
  return { status: answer.status, text: await answer.text() };
};
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

const routes = createNodeApp()
  .routes.filter(({ method }) => method !== 'ALL')
  .map(({ method, path }) => [method, path] as const);

test.each(routes)('%s %s asks for the right key', async (method, route) => {
  const needed = needs[`${method} ${route}`];
  expect(needed, 'has a row in the table').toBeDefined();
  const path = route.replaceAll(/:(\w+)(\{[^}]*\})?/g, 'x');
  const granted = async (headers: Record<string, string>, bindings?: Bindings) => {
    const { status } = await ask(method, path, headers, bindings);
    return status === 401 || status === 403 ? status : 'granted';
  };
  const isPublic = needed === 'nothing';
  expect({
    none: await granted({}),
    bad: await granted(bearer('bad')),
    digest: await granted(bearer(digest('read'))),
    read: await granted(bearer('read')),
    write: await granted(bearer('write')),
    beforeRevoked: await granted(bearer('revoked'), before),
    revoked: await granted(bearer('revoked')),
    odd: await granted(bearer('odd')),
  }).toEqual({
    none: isPublic ? 'granted' : 401,
    bad: isPublic ? 'granted' : 401,
    digest: isPublic ? 'granted' : 401,
    read: isPublic || needed === 'read' ? 'granted' : 403,
    write: isPublic || needed === 'write' ? 'granted' : 403,
    beforeRevoked: 'granted',
    revoked: isPublic ? 'granted' : 401,
    odd: isPublic ? 'granted' : 403,
  });
});

/** Other ways to write a path, which a router, an asset server or a proxy may take for it. */
const spellings = (path: string) => [
  path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  path.replace(/\/(\w)(?!.*\/\w)/, (_, letter) => `/%${letter.charCodeAt(0).toString(16)}`),
  path.replace(/(?<=.)\//, '%2F'),
  path.replace(/(?<=.)\//, '%252F'),
  `/${path}`,
  path.replaceAll('/', '//'),
  path.replace(/(?<=.)\//, '/./'),
  path.replace(/(?<=.)\//, '/%2e%2e/v1/'),
  `${path}/`,
  `${path}//`,
  `${path}%00`,
  `${path};x`,
  path.toUpperCase(),
];

test.each(routes)('%s %s: HEAD, OPTIONS and other spellings have no more rights', async (method, route) => {
  const path = route.replaceAll(/:(\w+)(\{[^}]*\})?/g, 'x');
  const isPublic = needs[`${method} ${route}`] === 'nothing';
  const callers = { none: {}, bad: bearer('bad'), revoked: bearer('revoked') };
  for (const [caller, headers] of Object.entries(callers)) {
    const plain = await ask(method, path, headers);
    if (method === 'GET')
      expect([caller, (await ask('HEAD', path, headers)).status]).toEqual([caller, plain.status]);
    // A preflight says what may be sent, and nothing of what is there.
    const options = await ask('OPTIONS', path, { ...headers, origin: 'https://a.example' });
    expect([caller, options.status, options.text]).toEqual([caller, 204, '']);
    if (isPublic) continue;
    for (const spelled of spellings(path)) {
      const { status } = await ask(method, spelled, headers);
      expect([spelled, caller, status]).toEqual([spelled, caller, expect.toBeOneOf([401, 404])]);
    }
  }
  // A key that may only read, by no spelling, writes.
  if (needs[`${method} ${route}`] !== 'write') return;
  for (const spelled of spellings(path)) {
    const { status } = await ask(method, spelled, bearer('read'));
    expect([spelled, status]).toEqual([spelled, expect.toBeOneOf([403, 404])]);
  }
});

test.each(routes)('%s %s: caches keep nothing that needed a key', async (method, route) => {
  const path = route.replaceAll(
    /:(\w+)(\{[^}]*\})?/g,
    (_, name) => ({ name: 'cifar10', file: 'cifar10.int8.onnx' })[name as string] ?? 'x',
  );
  const open: Bindings = { ASSETS: shippedAssets };
  const cacheOf = async (verb: string, key: string | undefined, bindings: Bindings) => {
    const headers = key === undefined ? {} : bearer(key);
    const answer = await app.request(path, { method: verb, headers }, bindings);
    await answer.arrayBuffer();
    const vary = (answer.headers.get('vary') ?? '').toLowerCase().split(/, */);
    return [
      answer.headers.get('cache-control'),
      vary.includes('authorization') && vary.includes('origin'),
    ] as const;
  };
  for (const verb of method === 'GET' ? ['GET', 'HEAD'] : [method])
    for (const key of [undefined, 'bad', 'read', 'write', 'page']) {
      const [closed, varies] = await cacheOf(verb, key, env);
      if (!route.startsWith('/v1')) {
        expect([verb, key, closed]).toEqual([verb, key, (await cacheOf(verb, key, open))[0]]);
        continue;
      }
      expect([verb, key, closed, varies]).toEqual([verb, key, expect.stringMatching(/^private, /), true]);
      expect(closed).not.toMatch(/public/);
    }
});

test('every row of the table is a route', () => {
  expect(Object.keys(needs).sort()).toEqual([...new Set(routes.map((route) => route.join(' ')))].sort());
});

test('no list of keys at all is open; an empty one is closed', async () => {
  expect((await ask('GET', '/v1/models', {}, { ASSETS: shippedAssets })).status).toBe(200);
  expect((await ask('GET', '/v1/models', {}, { ...env, API_KEY_HASHES: ' ' })).status).toBe(401);
});

test.each([
  ['https://shop.example', 200],
  ['https://www.shop.example', 200],
  ['https://shop.example.evil', 403],
  ['http://shop.example', 403],
  ['null', 403],
  [undefined, 403],
])('a key of a page, sent by %s: %i', async (origin, status) => {
  const headers = { ...bearer('page'), ...(origin && { origin }) };
  expect((await ask('GET', '/v1/models', headers)).status).toBe(status);
});

test.each(['https://shop.example', 'https://other.example'])(
  'CORS for %s is as the list says',
  async (origin) => {
    const bindings = { ...env, ALLOWED_ORIGINS: 'https://shop.example https://b.example' };
    const answer = await app.request('/v1/models', { headers: { ...bearer('read'), origin } }, bindings);
    const allowed = origin === 'https://shop.example' ? origin : null;
    expect(answer.headers.get('access-control-allow-origin')).toBe(allowed);
    const preflight = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } };
    const options = await app.request('/v1/vectors', preflight, bindings);
    expect(options.headers.get('access-control-allow-origin')).toBe(allowed);
  },
);
