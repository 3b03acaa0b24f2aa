import { beforeAll, expect, test } from 'vitest';
import { bodies, odd, replaced, vector } from '../../scripts/harness/inputs/bodies.ts';
import { mutate } from '../../scripts/harness/inputs/mutate.ts';
import { seededRandom } from '../../scripts/harness/inputs/random-vectors.ts';
import { memoryObjects } from '../../scripts/harness/servers/memory-objects.ts';
import { createNodeApp, shippedAssets } from '../../scripts/harness/servers/shipped.ts';
import { limits } from '../../src/contract/limits.ts';
import { rounds } from './form.ts';
import { type Ask, attack, goodAnswer } from './server.ts';

const app = createNodeApp();
const env = { ASSETS: shippedAssets, ALLOW_OPEN_WRITES: 'true', ...memoryObjects() };
const ask: Ask = (path, init) => app.request(path, init, env);
let before: string;
beforeAll(async () => {
  before = await goodAnswer(ask);
});

const json = (method: string, body: BodyInit): RequestInit => ({
  method,
  body,
  headers: { 'content-type': 'application/json' },
});

test.each(bodies)(
  '%s %s: JSON changed at random',
  async (method, path, body) => {
    const file = new TextEncoder().encode(JSON.stringify(body));
    const random = seededRandom(JSON.stringify(body).length);
    for (let round = 0; round < rounds(2_000, 60); round++) {
      const mutant = mutate(file, random);
      await attack(ask, path, json(method, mutant), Buffer.from(mutant).toString('latin1'));
    }
    expect(await goodAnswer(ask)).toBe(before);
  },
  300_000,
);

test.each(bodies)('%s %s: any member of another type, or too many', async (method, path, body) => {
  for (const by of odd) {
    for (const mutant of replaced(body, by))
      await attack(ask, path, json(method, JSON.stringify(mutant)), JSON.stringify(mutant).slice(0, 300));
  }
  await attack(ask, path, json(method, JSON.stringify({ ...body, extra: 1 })), 'another member');
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  expect(await goodAnswer(ask)).toBe(before);
});

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

test.each(bodies)(
  '%s %s: nested 10,000 deep, huge numbers of members',
  async (method, path, body) => {
    const [member] = Object.keys(body);
    for (const value of [
      nested(10_000),
      `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
      nested(1_000_000),
      `[${'0,'.repeat(1_000_000)}0]`,
      `{${Array.from({ length: 200_000 }, (_, i) => `"k${i}":1`).join()}}`,
      `"${'A'.repeat(limits.bodyBytes - 100)}"`,
    ]) {
      expect(
        (await attack(ask, path, json(method, value), value.slice(0, 20))).status,
      ).toBeGreaterThanOrEqual(400);
      const inside = JSON.stringify({ ...body, [member as string]: '@' }).replace('"@"', () => value);
      expect(
        (await attack(ask, path, json(method, inside), value.slice(0, 20))).status,
      ).toBeGreaterThanOrEqual(400);
    }
    expect(await goodAnswer(ask)).toBe(before);
  },
  120_000,
);

test.each([
  'text/plain',
  'application/json; charset=utf-16',
  'application/json;',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  'application/vnd.unlabel.rgb8; batch=1e9',
  'image/svg+xml',
  ';;;',
  'x'.repeat(8_000),
])('content type %s', async (type) => {
  for (const [method, path, body] of bodies)
    for (const content of [JSON.stringify(body), '--x\r\n\r\n--x--', '\r\n'.repeat(100_000), ''])
      await attack(
        ask,
        path,
        { method, body: content, headers: { 'content-type': type } },
        `${path} ${type}`,
      );
  expect(await goodAnswer(ask)).toBe(before);
});

test('200 odd ids are refused by name, or come back as they went', async () => {
  const random = seededRandom(200);
  const alphabet = [
    ...'aZ09 -_.~!*\'();:@&=+$,/?#[]%<>"\\`{}|^',
    'é',
    '日',
    '𝔘',
    '\u200d',
    '\u0301',
    '\ufeff',
    '\u0000',
    '\n',
    '\ud800',
    '%2e',
    '..',
    '__proto__',
    'constructor',
  ];
  let stored = 0;
  for (let i = 0; i < 200; i++) {
    const id = Array.from(
      { length: 1 + Math.floor(8 * random()) },
      () => alphabet[Math.floor(alphabet.length * random())],
    ).join('');
    const put = await attack(
      ask,
      '/v1/vectors',
      json('PUT', JSON.stringify({ namespace: 'odd', vectors: [{ id, vector, metadata: { i } }] })),
      id,
    );
    if (put.status !== 200) {
      expect(put).toMatchObject({ status: 422, text: expect.stringContaining('"field":"vectors[0].id"') });
      continue;
    }
    stored++;
    const path = `/v1/vectors/${encodeURIComponent(id)}?namespace=odd`;
    const got = await attack(ask, path, {}, id);
    expect(JSON.parse(got.text)).toMatchObject({ id, metadata: { i }, embedding: vector });
    expect((await attack(ask, path, { method: 'DELETE' }, id)).status).toBe(200);
    expect((await attack(ask, path, {}, id)).code).toBe('vector_not_found');
  }
  expect(stored).toBeGreaterThan(50);
});
