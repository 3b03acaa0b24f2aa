import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { codecs } from '../../src/image/codecs-node.ts';
import { nodeRuntime } from '../../src/inference/runtime-node.ts';
import { createAppOn } from '../../src/server/app.ts';
import { drawPng } from '../helpers/draw-png.ts';

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
