import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { createApp } from '../../src/server.ts';
import { sha256 } from '../../src/util/sha256.ts';

const app = createApp({ log: () => undefined });
const digest = await sha256(new TextEncoder().encode('key'));

const ask = async (entries: string, headers: Record<string, string>, path = '/v1/models') => {
  const bindings = { ...(env as object), API_KEY_HASHES: entries };
  const authorization = { authorization: 'Bearer key' };
  return (await app.request(path, { headers: { ...authorization, ...headers } }, bindings as never)).status;
};

test.each([
  ['', 200],
  [':read', 200],
  [';namespaces=a', 200],
  [';origins=https://a.example', 403],
  [';origins=', 403],
  [';namespaces=', 403],
  [';namespaces=a;vectors=', 403],
  [':', 403],
  [`;namespaces=a ${digest}`, 403],
])('a caller without Origin, whose key has the entry <digest>%s: %i', async (rest, status) => {
  expect(await ask(`${digest}${rest}`, {})).toBe(status);
});

test.each(['', 'null', 'https://a.example'])(
  'an entry without an origin lets in no page of %j',
  async (origin) => {
    expect(await ask(`${digest};origins=`, { origin })).toBe(403);
  },
);

test.each(['', ' ', 'none', ';origins='])('the list %j lets nobody in', async (list) => {
  expect(await ask(list, {})).toBe(401);
});
