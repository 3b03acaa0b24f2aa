import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient, UnauthorizedError } from '../../src/index.ts';
import { type Hosted, startHosted } from '../helpers/hosted.ts';

const keys = ['first-key', 'second-key'];
const hash = (key: string) => createHash('sha256').update(key).digest('hex');

let hosted: Hosted;
beforeAll(async () => {
  hosted = await startHosted({ vars: { API_KEY_HASHES: keys.map(hash).join(' ') } });
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
