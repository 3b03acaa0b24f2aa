import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient, ForbiddenError, UnauthorizedError } from '../../src/index.ts';
import { type Hosted, startHosted } from '../helpers/hosted.ts';

const keys = ['first-key', 'second-key'];
const hash = (key: string) => createHash('sha256').update(key).digest('hex');

let hosted: Hosted;
beforeAll(async () => {
  const scoped = [
    `${hash('reader')}:read`,
    `${hash('writer')}:write`,
    `${hash('both')}:read+write`,
    `${hash('none')}:admin`,
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
