import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limits } from '../../src/contract/limits.ts';
import { createClient, type HostedImage, UnlabelApiError, UnlabelError } from '../../src/index.ts';
import { classification, classifies, images, json, serve } from './serve.ts';

const bytes = Buffer.from('a picture, as far as the client knows');
const base64 = bytes.toString('base64');
let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unlabel-'));
  path = join(folder, 'a picture.jpg');
  await writeFile(path, bytes);
});
afterAll(() => rm(folder, { recursive: true }));

const host = () => serve((response) => response.writeHead(200, { 'content-type': 'image/jpeg' }).end(bytes));
async function* pieces() {
  yield bytes.subarray(0, 5);
  yield bytes.subarray(5);
}

test.each<[string, () => HostedImage | Promise<HostedImage>]>([
  ['a path', () => path],
  ['a relative path', () => relative(process.cwd(), path)],
  ['the text of a file: URL', () => pathToFileURL(path).href],
  ['a file: URL', () => pathToFileURL(path)],
  ['an http: address', async () => (await host()).url],
  ['an http: URL', async () => new URL((await host()).url)],
  ['a data: URL', () => `data:image/jpeg;base64,${base64}`],
  [
    'a data: URL with line breaks and escapes',
    () => `DATA:;base64,${base64.replace(/.{8}/g, '$&\n').replaceAll('=', '%3D')}`,
  ],
  ['a data: URL of text', () => `data:,${encodeURIComponent(bytes.toString())}`],
  ['an answer of fetch', async () => fetch((await host()).url)],
  ['a web stream', () => new Blob([bytes]).stream()],
  ['a stream of Node', () => createReadStream(path)],
  ['an async generator', pieces],
])('%s is read and sent', async (_, imageOf) => {
  const { url, received } = await serve(json(classification));
  await createClient({ url, apiKey: 'secret' }).classify(await imageOf());
  expect(received).toMatchObject([{ method: 'POST', body: bytes }]);
});

test('addresses, streams and bytes are sent together, in order', async () => {
  const { url, received } = await serve(classifies);
  await createClient({ url }).classify([path, new Uint8Array([1]), pieces()]);
  const sent = (await images(received[0] as (typeof received)[0])).map((image) => Buffer.from(image));
  expect(sent).toEqual([bytes, Buffer.from([1]), bytes]);
});

test('the key and headers of the service do not go to other addresses', async () => {
  const elsewhere = await host();
  const { url } = await serve(json(classification));
  const client = createClient({ url, apiKey: 'secret', headers: { 'x-trace': 'a' } });
  await client.classify(elsewhere.url);
  expect(JSON.stringify(elsewhere.received[0]?.headers)).not.toMatch(/secret|x-trace/);
});

/** A stream without an end. */
async function* endless() {
  for (;;) yield new Uint8Array(8 * 1024 * 1024);
}

test.each<[string, () => HostedImage | Promise<HostedImage>, string | RegExp]>([
  ['a path that is not there', () => '/no/such/file.jpg', /ENOENT.*\/no\/such\/file\.jpg/],
  ['a folder', () => tmpdir(), /EISDIR/],
  [
    'an address without an answer',
    () => 'http://127.0.0.1:1/cat.jpg',
    'http://127.0.0.1:1/cat.jpg cannot be reached',
  ],
  [
    'an address that answers 404',
    async () => `${(await serve((response) => response.writeHead(404).end())).url}/cat.jpg`,
    /\/cat\.jpg answered with HTTP 404$/,
  ],
  ['an answer of 500', () => new Response('', { status: 500 }), 'the Response has the HTTP status 500'],
  ['an answer without a body', () => new Response(), 'the Response has no body'],
  [
    'an answer that was read',
    async () => {
      const used = new Response('a');
      await used.text();
      return used;
    },
    /./,
  ],
  [
    'another protocol',
    () => 'ftp://a/cat.jpg',
    'expected an http(s), data, blob or file URL, got ftp://a/cat.jpg',
  ],
  ['bad base64', () => 'data:;base64,%', /./],
  [
    'a stream of text',
    () => createReadStream(path, 'utf8') as AsyncIterable<unknown> as AsyncIterable<Uint8Array>,
    'expected a stream of bytes',
  ],
  ['a stream without an end', endless, `the stream has more than ${limits.imageFileBytes} bytes`],
])('%s is told by a typed error', async (_, imageOf, reason) => {
  const { url, received } = await serve(json(classification));
  const error = await createClient({ url })
    .classify([new Blob(), await imageOf()])
    .catch((error) => error);
  expect(received).toHaveLength(0);
  expect(error).toBeInstanceOf(UnlabelError);
  expect(error).not.toBeInstanceOf(UnlabelApiError);
  expect(error).toMatchObject({ code: 'invalid_image', field: 'images[1]' });
  expect(error.message).toMatch(/^Cannot read images\[1\]: /);
  expect(error.message.slice('Cannot read images[1]: '.length)).toMatch(reason);
});

test('an image on its way ends with the call', async () => {
  const slow = await serve((response) => void response.writeHead(200).write('a'));
  const { url, received } = await serve(json(classification));
  const client = createClient({ url });
  await expect(client.classify(slow.url, { timeout: 50 })).rejects.toThrow(
    'Cannot read the image: it took more than 50 ms',
  );
  const controller = new AbortController();
  const reason = new Error('the user left');
  const call = client.classify(slow.url, { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 50);
  await expect(call).rejects.toBe(reason);
  expect(received).toHaveLength(0);
});
