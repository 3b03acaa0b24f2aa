import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { limits } from '../../src/contract/limits.ts';
import type { Manifest } from '../../src/contract/manifest.ts';
import { codecs } from '../../src/image/codecs/codecs-node.ts';
import type { Runtime } from '../../src/inference/runtime/runtime.ts';
import { nodeRuntime } from '../../src/inference/runtime/runtime-node.ts';
import { createAppOn } from '../../src/server/app.ts';

const folder = new URL('../fixtures/textures/', import.meta.url);
const manifest: Manifest = JSON.parse(await readFile(new URL('manifest.json', folder), 'utf8'));
const small = await readFile(new URL('textures.int8.onnx', folder));
const image = drawPng(16, 16, (x, y) => [8 * x, 8 * y, 60]);

/** The model with a note of this many bytes in it, which ONNX allows: field 6 of the file, `doc_string`. */
function padded(bytes: number): Buffer<ArrayBuffer> {
  const length = [0, 7, 14, 21].map((shift) => ((bytes >> shift) & 127) | (shift < 21 ? 128 : 0));
  return Buffer.concat([small, Buffer.from([0x32, ...length]), Buffer.alloc(bytes, 'a')]);
}

/** A deployment of models of the given sizes, with the names of those that are loaded, in the order of loading. */
function deployment(sizes: Record<string, number>) {
  const weights = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, padded(size)]));
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const nameOf = (bytes: Uint8Array) =>
    Object.keys(weights).find((name) => weights[name]?.equals(bytes)) ?? '';
  const loaded: string[] = [];
  /** What the next run waits for. */
  const gate: { wait?: (() => Promise<void>) | undefined } = {};
  const runtime: Runtime = {
    device: 'wasm',
    async load(bytes) {
      const session = await nodeRuntime.load(bytes);
      const name = nameOf(bytes);
      loaded.push(name);
      return {
        async run(pixels, shape) {
          await gate.wait?.();
          return session.run(pixels, shape);
        },
        async release() {
          loaded.splice(loaded.indexOf(name), 1);
          await session.release();
        },
      };
    },
  };
  const assets = {
    async fetch(request: Request): Promise<Response> {
      const [name = '', file] = new URL(request.url).pathname.replace('/models/', '').split('/');
      if (name === 'index.json') return Response.json({ models: Object.keys(sizes) });
      const bytes = weights[name] as Buffer<ArrayBuffer>;
      if (file !== 'manifest.json') return new Response(bytes);
      const [entry] = manifest.files;
      return Response.json({
        ...manifest,
        name,
        files: [{ ...entry, bytes: bytes.length, sha256: sha256(bytes) }],
      });
    },
  };
  const app = createAppOn({ runtime, codecs });
  const classify = (model: string) =>
    app.request(`/v1/classify?model=${model}`, { method: 'POST', body: image }, { ASSETS: assets });
  return { loaded, gate, classify };
}

const third = Math.ceil(limits.loadedWeightBytes * 0.4);
const three = { first: third, second: third + 1, last: third + 2 };

test('models that fit stay loaded, and of more than fit the least recently used one is released', async () => {
  const { loaded, classify } = deployment(three);
  expect(loaded).toEqual([]);
  for (const model of ['first', 'second', 'first']) expect((await classify(model)).status).toBe(200);
  expect(loaded).toEqual(['first', 'second']);
  expect((await classify('last')).status).toBe(200);
  expect(loaded).toEqual(['first', 'last']);
  expect((await classify('second')).status).toBe(200);
  expect(loaded).toEqual(['last', 'second']);
});

test('a model in use is not released, however long ago its use began', async () => {
  const { loaded, gate, classify } = deployment(three);
  await classify('first');
  const [arrival, departure] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  gate.wait = () => {
    gate.wait = undefined;
    arrival.resolve();
    return departure.promise;
  };
  const slow = classify('first');
  await arrival.promise;
  // They load now, and run after the slow one, which has its turn.
  const others = [classify('second'), classify('last')];
  await vi.waitFor(() => expect(loaded).toEqual(expect.arrayContaining(['second', 'last'])), 20_000);
  expect(loaded).toContain('first');
  departure.resolve();
  const answers = await Promise.all([slow, ...others]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(loaded).toHaveLength(2);
});

test('all models at once are answered, and what does not fit is released after', async () => {
  const { loaded, classify } = deployment(three);
  const answers = await Promise.all([...Object.keys(three), ...Object.keys(three)].map(classify));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(loaded).toHaveLength(2);
});

test('a model beyond the limit is served, and stays until another one is asked for', async () => {
  const { loaded, classify } = deployment({ large: limits.loadedWeightBytes, small: 1 });
  await classify('large');
  expect((await classify('large')).status).toBe(200);
  expect(loaded).toEqual(['large']);
  await classify('small');
  expect(loaded).toEqual(['small']);
});
