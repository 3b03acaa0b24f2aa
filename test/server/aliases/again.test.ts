/** Aliases whose answer is lost on its way: the client sends the call again, and it holds as if it had come once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Hosted, startHosted } from '../../../scripts/harness/servers/hosted.ts';
import { createClient } from '../../../src/index.ts';
import { serve } from '../../client/serve.ts';

let hosted: Hosted;
beforeAll(async () => {
  hosted = await startHosted();
  const { vectors } = createClient({ url: hosted.url });
  const vector = Float32Array.from({ length: 128 }, (_, i) => i);
  await vectors.upsert([{ id: 'old', vector }], { namespace: 'v1' });
  await vectors.upsert([{ id: 'new', vector }], { namespace: 'v2' });
});
afterAll(() => hosted?.stop());

/** A client whose every other answer to a change is lost, once the service has given it. */
async function createLossy() {
  const changes: { request: string; status: number }[] = [];
  const { url } = await serve(async (response, { method, url, headers, body }) => {
    const answer = await fetch(`${hosted.url}${url.pathname}${url.search}`, {
      method,
      headers: { 'content-type': headers['content-type'] ?? 'text/plain' },
      ...(body.length > 0 && { body }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (method !== 'GET')
      changes.push({ request: `${method} ${url.pathname} ${body}`, status: answer.status });
    if (changes.length % 2 === 1) response.destroy();
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(bytes);
  });
  return { client: createClient({ url }), changes };
}

test('an alias that is set, moved and deleted is sent again, and answers the same', async () => {
  const { client, changes } = await createLossy();
  const { vectors } = client;
  const read = async () => {
    const ids: string[] = [];
    for await (const { id } of vectors.list({ namespace: 'shop' })) ids.push(id);
    return { aliases: await vectors.aliases(), ids };
  };
  await vectors.alias('shop', 'v1');
  expect(await read()).toEqual({ aliases: [{ name: 'shop', namespace: 'v1' }], ids: ['old'] });
  await vectors.alias('shop', 'v2');
  expect(await read()).toEqual({ aliases: [{ name: 'shop', namespace: 'v2' }], ids: ['new'] });
  await vectors.deleteAlias('shop');
  expect(await read()).toEqual({ aliases: [], ids: [] });
  expect(await vectors.count({ namespace: 'v2' })).toBe(1);
  const [set, moved] = ['v1', 'v2'].map((namespace) => ({
    request: `PUT /v1/aliases/shop {"namespace":"${namespace}"}`,
    status: 200,
  }));
  const deleted = { request: 'DELETE /v1/aliases/shop ', status: 200 };
  expect(changes).toEqual([set, set, moved, moved, deleted, deleted]);
});

test('an alias that is refused stays refused when it is sent again', async () => {
  const { client, changes } = await createLossy();
  await expect(client.vectors.alias('v1', 'v2')).rejects.toMatchObject({
    code: 'invalid_parameter',
    field: 'name',
  });
  expect(changes.map(({ status }) => status)).toEqual([422, 422]);
  expect(await client.vectors.aliases()).toEqual([]);
  expect(await client.vectors.count({ namespace: 'v1' })).toBe(1);
});
