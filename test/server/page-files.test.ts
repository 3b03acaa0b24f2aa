import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { get } from 'node:http';
import { basename } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { version as trimmedVersion } from '../../dist/runtime/version.js';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';

const root = new URL('../../', import.meta.url);
const weights = await readFile(new URL('model/cifar10/cifar10.int8.onnx', root));
const sha256 = createHash('sha256').update(weights).digest('hex');
const { version } = JSON.parse(
  await readFile(new URL('node_modules/onnxruntime-web/package.json', root), 'utf8'),
);
/** Largest static asset of a Worker, in bytes. */
const assetLimit = 25 * 1024 * 1024;

let hosted: Hosted;
beforeAll(async () => {
  hosted = await startHosted();
});
afterAll(() => hosted?.stop());

/** A request of a page of another origin. */
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(hosted.url + path, { method, headers: { origin: 'https://shop.example', ...headers } });

const weightsPath = '/v1/models/cifar10/cifar10.int8.onnx';

test.each([
  ['bytes=0-9', 0, 9],
  ['bytes=100000-', 100_000, weights.length - 1],
  [`bytes=${weights.length - 1}-`, weights.length - 1, weights.length - 1],
  ['bytes=5-99999999', 5, weights.length - 1],
  ['bytes=-7', weights.length - 7, weights.length - 1],
  ['bytes=-99999999', 0, weights.length - 1],
])('weights: %s is answered with just that', async (range, start, end) => {
  const answer = await ask(weightsPath, { range, 'if-range': `"${sha256}"` });
  expect(answer.status).toBe(206);
  expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end}/${weights.length}`);
  expect(answer.headers.get('etag')).toBe(`"${sha256}"`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(bytes.equals(weights.subarray(start, end + 1))).toBe(true);
});

test.each([
  ['no range', {}],
  ['another unit', { range: 'lines=0-9' }],
  ['several ranges', { range: 'bytes=0-1,5-6' }],
  ['a range that ends before it begins', { range: 'bytes=9-5' }],
  ['no numbers', { range: 'bytes=-' }],
  ['the range of another version', { range: 'bytes=0-9', 'if-range': '"0000"' }],
  [
    'a range since a date, which is not known',
    { range: 'bytes=0-9', 'if-range': 'Wed, 21 Oct 2015 07:28:00 GMT' },
  ],
])('weights: %s is answered with all', async (_, headers: Record<string, string>) => {
  const answer = await ask(weightsPath, headers);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('accept-ranges')).toBe('bytes');
  expect(Buffer.from(await answer.arrayBuffer()).equals(weights)).toBe(true);
});

test.each([`bytes=${weights.length}-`, 'bytes=-0'])('weights: %s is not there', async (range) => {
  const answer = await ask(weightsPath, { range });
  expect(answer.status).toBe(416);
  expect(answer.headers.get('content-range')).toBe(`bytes */${weights.length}`);
});

test('weights: an unchanged file is not sent, whatever its range', async () => {
  const answer = await ask(weightsPath, { range: 'bytes=0-9', 'if-none-match': `"${sha256}"` });
  expect(answer.status).toBe(304);
});

test.each([
  ['the trimmed one', trimmedVersion, 'dist/runtime/ort.wasm'],
  ['the stock one', version, 'node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'],
  ['the one for WebGPU', version, 'node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.jspi.wasm'],
])('runtime: %s', async (_, version, source) => {
  const expected = await readFile(new URL(source, root));
  const path = `/runtime/${version}/${basename(source)}`;
  const answer = await ask(path);
  expect(answer.status).toBe(200);
  expect(Buffer.from(await answer.arrayBuffer()).equals(expected)).toBe(true);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/wasm',
    'cache-control': 'public, max-age=31536000, immutable',
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  });

  // As it is on the wire: fetch would decode it. The development server prefers gzip where it may.
  const small = await new Promise<Buffer>((resolve, reject) => {
    get(hosted.url + path, { headers: { 'accept-encoding': 'br' } }, (response) => {
      if (response.headers['content-encoding'] !== 'br') reject(new Error('not Brotli'));
      resolve(buffer(response));
    }).once('error', reject);
  });
  expect(small.length).toBeLessThan(expected.length / 4);
  expect(brotliDecompressSync(small).equals(expected)).toBe(true);
});

test.each([
  '/runtime/0.0.1/ort-wasm-simd-threaded.wasm',
  `/runtime/${version}/other.wasm`,
  `/runtime/${version}/ort-wasm-simd-threaded.wasm.br`,
  `/runtime/${version}/..%2F..%2Fmodels%2Findex.json`,
])('runtime: %s is not there', async (path) => {
  const answer = await ask(path);
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ code: 'not_found' });
});

test('runtime: nothing but GET', async () => {
  const answer = await ask(`/runtime/${version}/ort-wasm-simd-threaded.wasm`, {}, 'POST');
  expect(answer.status).toBe(405);
});

test('the addresses of a model may be loaded by any page', async () => {
  for (const path of ['/v1/models/cifar10', weightsPath]) {
    const answer = await ask(path);
    await answer.arrayBuffer();
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  }
  const preflight = await ask(
    weightsPath,
    { 'access-control-request-method': 'GET', 'access-control-request-headers': 'range,authorization' },
    'OPTIONS',
  );
  expect(preflight.headers.get('access-control-allow-headers')).toBe('range,authorization');
});

test('no asset is larger than a Worker may have', async () => {
  const assets = new URL('dist/assets/', root);
  for (const path of await readdir(assets, { recursive: true }))
    expect((await stat(new URL(path, assets))).size, path).toBeLessThanOrEqual(assetLimit);
});
