/** Aliases in workerd: what they cost, that all isolates see a change at once, and what keys of some namespaces may do. */
import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { createApp, type VectorNamespace } from '../../src/server.ts';
import { sha256 } from '../../src/util/sha256.ts';
import { durableAliases } from '../../src/vectors/aliases.ts';
import { durableStore, type NamespaceStub } from '../../src/vectors/durable.ts';
import { namesObject } from '../../src/vectors/namespace/namespace-names.ts';
import type { ObjectBinding } from '../../src/vectors/rpc.ts';

const { VECTORS } = env as unknown as { VECTORS: DurableObjectNamespace<VectorNamespace> };
const binding = VECTORS as unknown as ObjectBinding<NamespaceStub>;
const model = { name: 'm', version: '1.0.0' };
const row = (id: string) => ({ id, vector: Float32Array.of(1, 2, 3), metadata: {} });
const query = { model, vector: Float32Array.of(1, 2, 3) };
const aliases = durableAliases(binding, () => true);

/** The store as an isolate has it, and the names of the objects that it calls. */
function isolate() {
  const calls: string[] = [];
  const counting: ObjectBinding<NamespaceStub> = {
    getByName(name) {
      calls.push(name);
      return binding.getByName(name);
    },
  };
  const store = durableStore(counting, new Set());
  const find = async (namespace: string) => {
    const { matches } = await store.search(namespace, query, { topK: 5 });
    return matches.map(({ id }) => id);
  };
  return { store, find, calls };
}

test('every isolate sees a change at once, also one that knows the name as a namespace', async () => {
  const [one, other] = [isolate(), isolate()];
  await one.store.upsert('moved', model, [row('first')]);
  await one.store.upsert('moved-2', model, [row('second')]);
  expect(await other.find('moved')).toEqual(['first']);
  await expect(aliases.put('moved', 'moved-2')).rejects.toMatchObject({
    code: 'invalid_parameter',
    field: 'name',
  });
  expect((await aliases.list()).map(({ name }) => name)).not.toContain('moved');
  await one.store.clear('moved');
  await aliases.put('moved', 'moved-2');
  expect(await other.find('moved')).toEqual(['second']);
  await other.store.upsert('moved', model, [row('third')]);
  expect(await one.find('moved-2')).toEqual(['second', 'third']);
  await aliases.put('moved', 'moved-3');
  expect(await other.find('moved')).toEqual([]);
  await aliases.delete('moved');
  await other.store.upsert('moved', model, [row('own')]);
  expect(await one.find('moved')).toEqual(['own']);
});

test('a namespace costs no call more than before, and an alias one', async () => {
  const { store, find, calls } = isolate();
  await store.upsert('plain', model, [row('a')]);
  await aliases.put('named', 'plain');
  await find('named');
  calls.length = 0;
  await find('plain');
  expect(calls).toEqual(['plain']);
  calls.length = 0;
  await find('named');
  expect(calls).toEqual(['named', 'plain']);
});

test('an object that is evicted still knows that its name is an alias', async () => {
  const { store, find } = isolate();
  await store.upsert('asleep-2', model, [row('a')]);
  await aliases.put('asleep', 'asleep-2');
  await evictDurableObject(VECTORS.getByName('asleep'));
  await evictDurableObject(VECTORS.getByName(namesObject));
  expect(await find('asleep')).toEqual(['a']);
  expect(await aliases.list()).toContainEqual({ name: 'asleep', namespace: 'asleep-2' });
});

test('aliases that are set at the same time never stand for one another', async () => {
  const outcomes = await Promise.allSettled([
    aliases.put('left', 'right'),
    aliases.put('right', 'left'),
    aliases.put('right', 'middle'),
    aliases.delete('left'),
    aliases.put('left', 'right'),
  ]);
  expect(outcomes.map(({ status }) => status)).toContain('rejected');
  const listed = await aliases.list();
  const names = new Set(listed.map(({ name }) => name));
  expect(listed.filter(({ namespace }) => names.has(namespace))).toEqual([]);
  for (const { name, namespace } of listed.filter(({ name }) => /left|right/.test(name)))
    expect(await binding.getByName(name).list(1, '')).toEqual({ alias: namespace });
});

test('a write that meets a new alias goes where it stands', async () => {
  const { store } = isolate();
  const writes = Array.from({ length: 20 }, (_, i) => store.upsert('busy-2', model, [row(`v${i}`)]));
  const points = ['busy-2', 'busy-3', 'busy-2'].map((namespace) => aliases.put('busy', namespace));
  const through = Array.from({ length: 20 }, (_, i) => store.upsert('busy', model, [row(`w${i}`)]));
  const outcomes = await Promise.allSettled([...writes, ...points, ...through]);
  const counts = await Promise.all(
    ['busy-2', 'busy-3'].map(async (name) => (await store.list(name, 100, '')).count),
  );
  const stored = outcomes.filter(({ status }, i) => status === 'fulfilled' && (i < 20 || i >= 23)).length;
  const own = await binding.getByName('busy').list(1, '');
  // Where a write came first, the name has vectors of its own and no alias; nothing is in both places, or lost.
  const hidden = 'value' in own ? own.value.count : 0;
  expect((counts[0] as number) + (counts[1] as number) + hidden).toBe(stored);
  expect('alias' in own).toBe((await aliases.list()).some(({ name }) => name === 'busy'));
});

test('a key of some namespaces may use an alias only where it may use both names', async () => {
  const app = createApp({ log: () => undefined });
  const digest = async (key: string) => sha256(new TextEncoder().encode(key));
  const entries = [
    await digest('all'),
    `${await digest('both')};namespaces=door+room`,
    `${await digest('door')};namespaces=door+hall`,
  ];
  const bindings = { ...(env as object), API_KEY_HASHES: entries.join(' ') };
  const ask = async (key: string, method: string, path: string, body?: object) => {
    const answer = await app.request(
      path,
      {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      },
      bindings as never,
    );
    return { status: answer.status, ...((await answer.json()) as Record<string, unknown>) };
  };
  const vectors = [{ id: 'a', vector: [1, 2, 3], model }];
  expect(await ask('all', 'PUT', '/v1/vectors', { namespace: 'room', vectors })).toMatchObject({
    status: 200,
  });
  expect(await ask('door', 'PUT', '/v1/aliases/door', { namespace: 'room' })).toMatchObject({ status: 403 });
  expect(await ask('door', 'PUT', '/v1/aliases/other', { namespace: 'hall' })).toMatchObject({ status: 403 });
  expect(await ask('both', 'PUT', '/v1/aliases/door', { namespace: 'room' })).toMatchObject({ status: 200 });

  const list = '/v1/vectors?namespace=door';
  expect(await ask('both', 'GET', list)).toMatchObject({ status: 200, count: 1 });
  const refused = [
    await ask('door', 'GET', list),
    await ask('door', 'PUT', '/v1/vectors', { namespace: 'door', vectors }),
    await ask('door', 'DELETE', list),
    await ask('door', 'POST', '/v1/search', { namespace: 'door', id: 'a' }),
    await ask('door', 'PUT', '/v1/aliases/door', { namespace: 'hall' }),
    await ask('door', 'DELETE', '/v1/aliases/door'),
  ];
  expect(refused.map(({ status }) => status)).toEqual(Array(6).fill(403));
  expect(await ask('all', 'GET', '/v1/vectors?namespace=room')).toMatchObject({ count: 1 });

  expect((await ask('door', 'GET', '/v1/aliases')).aliases).toEqual([]);
  expect((await ask('both', 'GET', '/v1/aliases')).aliases).toEqual([{ name: 'door', namespace: 'room' }]);
  expect(await ask('door', 'GET', '/v1/namespaces')).toMatchObject({ status: 200, namespaces: [] });
  const names = (await ask('both', 'GET', '/v1/namespaces')).namespaces as { name: string }[];
  expect(names.map(({ name }) => name)).toEqual(['room']);
  expect(await ask('both', 'DELETE', '/v1/aliases/door')).toMatchObject({ status: 200, name: 'door' });
  expect(await ask('door', 'GET', list)).toMatchObject({ status: 200, count: 0 });
});

test('a store without aliases says so', async () => {
  const app = createApp({ log: () => undefined });
  const answer = await app.request('/v1/aliases', {}, {
    ...(env as object),
    VECTOR_STORE: 'vectorize',
  } as never);
  expect(await answer.json()).toMatchObject({ code: 'not_supported' });
});
