import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';
import {
  type Client,
  createClient,
  ForbiddenError,
  QuotaExceededError,
  UnauthorizedError,
  type UnlabelApiError,
} from '../../src/index.ts';

const keys = ['first-key', 'second-key'];
const hash = (key: string) => createHash('sha256').update(key).digest('hex');

let hosted: Hosted;
beforeAll(async () => {
  const scoped = [
    `${hash('reader')}:read`,
    `${hash('writer')}:write`,
    `${hash('both')}:read+write`,
    `${hash('none')}:admin`,
    `${hash('album')}:read+write;namespaces=album+more`,
    `${hash('bound')}:read+write;namespaces=bound+other;vectors=3`,
    `${hash('unbound')}:read+write;vectors=3`,
    `${hash('two')}:read+write;namespaces=bound;vectors=3+4`,
    `${hash('page')}:read;origins=https://shop.example`,
  ];
  hosted = await startHosted({ vars: { API_KEY_HASHES: [...keys.map(hash), ...scoped].join(' ') } });
});
afterAll(() => hosted?.stop());

test.each(keys)('the key %s opens the API', async (apiKey) => {
  const { models } = await createClient({ url: hosted.url, apiKey }).models.list();
  expect(models).not.toHaveLength(0);
});

test.each([undefined, 'wrong-key', hash('first-key')])('the key %s does not', async (apiKey) => {
  const client = createClient({ url: hosted.url, ...(apiKey !== undefined && { apiKey }) });
  await expect(client.models.list()).rejects.toBeInstanceOf(UnauthorizedError);
});

test('an unauthorized answer names the scheme, and health needs no key', async () => {
  const answer = await fetch(`${hosted.url}/v1/models`);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  expect((await fetch(`${hosted.url}/health`)).status).toBe(200);
  expect((await fetch(`${hosted.url}/ready`)).status).toBe(200);
});

test.each([
  ['first-key', true, true],
  ['both', true, true],
  ['reader', true, false],
  ['writer', false, true],
  ['none', false, false],
  ['unbound', false, false],
  ['two', false, false],
])('the key %s may read: %s, write: %s', async (apiKey, mayRead, mayWrite) => {
  const client = createClient({ url: hosted.url, apiKey });
  const vector = Float32Array.from({ length: 128 }, (_, i) => i + 1);
  for (const [scope, isAllowed, call] of [
    ['read', mayRead, () => client.models.list()],
    ['read', mayRead, () => client.search(vector)],
    ['write', mayWrite, () => client.vectors.upsert([{ id: 'a', vector }])],
    ['write', mayWrite, () => client.vectors.delete('a')],
    ['write', mayWrite, () => client.classes.create('set', { a: [vector] })],
  ] as const) {
    const error: unknown = await call().then(
      () => undefined,
      (error: unknown) => error,
    );
    if (isAllowed) expect(error).toBeUndefined();
    else {
      expect(error).toBeInstanceOf(ForbiddenError);
      expect((error as Error).message).toContain(scope);
    }
  }
});

test('a key of some namespaces sees nothing of another, and writes nothing there', async () => {
  const [all, album] = ['first-key', 'album'].map((apiKey) => createClient({ url: hosted.url, apiKey }));
  if (!all || !album) return expect.fail();
  const vector = Float32Array.from({ length: 128 }, (_, i) => i + 1);
  const namespace = 'private';
  await all.vectors.upsert([{ id: 'secret', vector }], { namespace });
  await album.vectors.upsert([{ id: 'mine', vector }], { namespace: 'album' });
  await all.classes.create('shared', { a: [vector] });
  expect((await album.search(vector, { namespace: 'album' })).matches).toMatchObject([{ id: 'mine' }]);

  /** What a call gives, without the names of this request. */
  const outcome = (call: Promise<unknown>) =>
    call.then(
      (value) => JSON.stringify(value),
      (error: UnlabelApiError) => `${error.status} ${error.code} ${error.message}`,
    );
  const reads = (client: Client, where: string): Promise<string>[] => [
    outcome(client.vectors.get('secret', { namespace: where })),
    outcome(client.search({ id: 'secret' }, { namespace: where })),
    outcome(client.search(vector, { namespace: where })),
    outcome(client.vectors.count({ namespace: where })),
    outcome(
      fetch(`${hosted.url}/v1/index/${where}`, { headers: { authorization: 'Bearer album' } }).then(
        async (answer) => [answer.status, ((await answer.json()) as { code: string }).code],
      ),
    ),
  ];
  // As if it were not there.
  expect(await Promise.all(reads(album, namespace))).toEqual(await Promise.all(reads(album, 'absent')));
  expect(await outcome(album.classes.get('shared'))).toBe(await outcome(album.classes.get('absent')));
  expect(await album.classes.list()).toEqual([]);
  for (const write of [
    () => album.vectors.upsert([{ id: 'secret', vector }], { namespace }),
    () => album.vectors.delete('secret', { namespace }),
    () => album.vectors.clear({ namespace }),
    () => album.vectors.upsert([{ id: 'default', vector }]),
    () => album.classes.create('shared', { b: [vector] }),
    () => album.classes.delete('shared'),
  ])
    await expect(write()).rejects.toBeInstanceOf(ForbiddenError);
  expect((await all.vectors.get('secret', { namespace })).id).toBe('secret');
  expect((await all.classes.get('shared')).classes).toHaveLength(1);
});

test('a key with a quota fills each of its namespaces so far, with vectors or pictures, and replaces what it has', async () => {
  const [bound, all] = ['bound', 'first-key'].map((apiKey) => createClient({ url: hosted.url, apiKey }));
  if (!bound || !all) return expect.fail();
  const vector = Float32Array.from({ length: 128 }, (_, i) => i + 1);
  const png = new Blob([drawPng(32, 32, (x, y) => [8 * x, 8 * y, 60])]);
  const upsert = (client: Client, namespace: string, ...ids: string[]) =>
    client.vectors.upsert(
      ids.map((id) => ({ id, vector: id.startsWith('picture') ? png : vector })),
      { namespace },
    );
  await upsert(bound, 'bound', 'a', 'picture');
  for (const ids of [
    ['b', 'c'],
    ['a', 'picture 2', 'picture 3'],
  ]) {
    const error: unknown = await upsert(bound, 'bound', ...ids).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(QuotaExceededError);
    expect(error).toMatchObject({ status: 507, field: 'vectors', message: expect.stringContaining('3') });
  }
  expect(await bound.vectors.count({ namespace: 'bound' })).toBe(2);
  await upsert(bound, 'bound', 'b');
  await upsert(bound, 'bound', 'a', 'b', 'picture');
  await upsert(bound, 'other', 'a', 'b', 'c');
  await upsert(all, 'bound', 'c', 'd');
  await expect(upsert(bound, 'bound', 'e')).rejects.toBeInstanceOf(QuotaExceededError);
  await upsert(bound, 'bound', 'd');
  await bound.vectors.clear({ namespace: 'bound' });
  await upsert(bound, 'bound', 'e', 'f', 'g');
});

test('a key of a page is good for its origin alone', async () => {
  const ask = async (origin: string) =>
    (await fetch(`${hosted.url}/v1/models`, { headers: { authorization: 'Bearer page', origin } })).status;
  expect([await ask('https://shop.example'), await ask('https://evil.example')]).toEqual([200, 403]);
});
