import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { codecs } from '../../src/image/codecs/codecs-node.ts';
import { nodeRuntime } from '../../src/inference/runtime/runtime-node.ts';
import { createAppOn } from '../../src/server/app.ts';

const folder = fileURLToPath(new URL('../../model/', import.meta.url));
const weights = await readFile(`${folder}cifar10/cifar10.int8.onnx`);
const png = drawPng(32, 32, (x, y) => [x, y, 100]);

/** The shipped files as static assets, with one of them spoilt: null is missing. */
function assetsWith(spoilt: { path?: string; bytes?: Uint8Array<ArrayBuffer> | null }) {
  return {
    async fetch(request: Request): Promise<Response> {
      const path = new URL(request.url).pathname.replace('/models/', '');
      if (path === 'index.json') return Response.json({ models: ['cifar10'] });
      if (path === spoilt.path)
        return spoilt.bytes ? new Response(spoilt.bytes) : new Response('', { status: 404 });
      return new Response(new Uint8Array(await readFile(folder + path)));
    },
  };
}

const flipped = new Uint8Array(weights);
flipped[5000] = (flipped[5000] as number) ^ 1;

test.each([
  ['missing weights', 'cifar10/cifar10.int8.onnx', null],
  ['weights with one bit flipped', 'cifar10/cifar10.int8.onnx', flipped],
  ['weights cut short', 'cifar10/cifar10.int8.onnx', new Uint8Array(weights.subarray(0, 1000))],
  ['empty weights', 'cifar10/cifar10.int8.onnx', new Uint8Array()],
  ['HTML for weights', 'cifar10/cifar10.int8.onnx', new TextEncoder().encode('<!doctype html>')],
  ['a missing manifest', 'cifar10/manifest.json', null],
  ['a manifest that is not JSON', 'cifar10/manifest.json', new TextEncoder().encode('<html>')],
  ['a manifest without its members', 'cifar10/manifest.json', new TextEncoder().encode('{}')],
])('%s: not ready, 503, alive; and well again when the file is', async (_, path, bytes) => {
  const spoilt: Parameters<typeof assetsWith>[0] = { path, bytes };
  const app = createAppOn({ runtime: nodeRuntime, codecs }, { log: () => {} });
  const env = { ASSETS: assetsWith(spoilt) };
  const classify = () => app.request('/v1/classify', { method: 'POST', body: png }, env);

  for (const answer of [await classify(), await app.request('/ready', {}, env)]) {
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({ code: 'model_unavailable' });
  }
  expect((await app.request('/health', {}, env)).status).toBe(200);

  delete spoilt.path;
  expect((await classify()).status).toBe(200);
  expect((await app.request('/ready', {}, env)).status).toBe(200);
});

test('weights cut at 20 places, or with one of 20 bits flipped, never reach the runtime', async () => {
  let loads = 0;
  const runtime: typeof nodeRuntime = {
    device: 'wasm',
    load(bytes) {
      loads++;
      return nodeRuntime.load(bytes);
    },
  };
  const path = 'cifar10/cifar10.int8.onnx';
  const spoilt: Parameters<typeof assetsWith>[0] = { path };
  const app = createAppOn({ runtime, codecs }, { log: () => {} });
  const env = { ASSETS: assetsWith(spoilt) };
  const step = Math.floor(weights.length / 20);
  for (let at = 0; at < 20 * step; at += step) {
    const flipped = new Uint8Array(weights);
    flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
    for (const bytes of [flipped, new Uint8Array(weights.subarray(0, at))]) {
      spoilt.bytes = bytes;
      const answer = await app.request('/v1/classify', { method: 'POST', body: png }, env);
      expect(await answer.json()).toMatchObject({ code: 'model_unavailable', status: 503 });
    }
  }
  expect(loads).toBe(0);
  spoilt.bytes = new Uint8Array(weights);
  expect((await app.request('/ready', {}, env)).status).toBe(200);
  expect(loads).toBe(1);
});

test('weights that the runtime cannot load, under a hash that is right, are a 503 too', async () => {
  // The set of operators that the graph asks for: one that there is not yet.
  const newer = new Uint8Array(weights);
  const operators = Buffer.from([0x42, 4, 0x0a, 0, 0x10]);
  newer[weights.lastIndexOf(operators) + operators.length] = 120;
  const manifest = JSON.parse(await readFile(`${folder}cifar10/manifest.json`, 'utf8'));
  const entry = manifest.files.find(({ file }: { file: string }) => file === 'cifar10.int8.onnx');
  entry.sha256 = createHash('sha256').update(newer).digest('hex');
  const files = new Map([
    ['cifar10/manifest.json', new TextEncoder().encode(JSON.stringify(manifest))],
    ['cifar10/cifar10.int8.onnx', newer],
  ]);
  const ASSETS = {
    async fetch(request: Request): Promise<Response> {
      const path = new URL(request.url).pathname.replace('/models/', '');
      const bytes = files.get(path);
      return bytes ? new Response(bytes) : Response.json({ models: ['cifar10'] });
    },
  };
  const app = createAppOn({ runtime: nodeRuntime, codecs }, { log: () => {} });
  for (const path of ['/ready', '/v1/classify']) {
    const init = path === '/ready' ? {} : { method: 'POST', body: png };
    const answer = await app.request(path, init, { ASSETS });
    expect(await answer.json()).toMatchObject({ code: 'model_unavailable', status: 503 });
  }
  expect((await app.request('/health', {}, { ASSETS })).status).toBe(200);
});
