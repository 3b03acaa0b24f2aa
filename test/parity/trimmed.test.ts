import { readFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { probeNetworks, shippedNetworks } from '../../scripts/build/runtime/networks.ts';
import { createOrtSession } from '../../src/inference/ort/session.ts';
import { createTrimmedRuntime } from '../../src/inference/runtime/runtime-trimmed.ts';
import { onnxFile } from '../helpers/onnx-file.ts';

const root = new URL('../../', import.meta.url);
const files = [...(await shippedNetworks(root)), ...(await probeNetworks())];

/** Pixels that no build of the runtime has seen. */
const pixels = (length: number) => Uint8Array.from({ length }, () => Math.floor(256 * Math.random()));

ort.env.wasm.numThreads = 1;

describe('the trimmed runtime', async () => {
  const module = await WebAssembly.compile(await readFile(new URL('dist/runtime/ort.wasm', root)));
  const runtime = createTrimmedRuntime(module, 'another');

  test.each(files)(
    '$name answers with the bits of the stock runtime',
    async ({ name, weights, height, width }) => {
      // The stock runtime optimizes what the export has not.
      const graphOptimizationLevel = name.includes('.int8.') ? 'all' : 'disabled';
      const stock = await createOrtSession(ort, weights, { graphOptimizationLevel });
      const sessions = [await runtime.load(weights), stock];
      // Every size of a batch where that is quick.
      const largest = width > 32 ? 4 : 32;
      for (let batch = 1; batch <= largest; batch++) {
        const images = pixels(batch * height * width * 3);
        const [ours, theirs] = await Promise.all(
          sessions.map((session) => session.run(images, [batch, height, width])),
        );
        expect(ours, `a batch of ${batch}`).toEqual(theirs);
      }
      for (const session of sessions) await session.release();
    },
  );

  test('a session that is refused something goes on', async () => {
    const session = await runtime.load(files[0]?.weights as Uint8Array);
    const good = await session.run(pixels(3072).fill(7), [1, 32, 32]);
    for (const [length, shape] of [
      [3072, [1, 16, 64]],
      [10, [1, 32, 32]],
      [0, [0, 32, 32]],
    ] as [number, [number, number, number]][])
      await session.run(pixels(length), shape).catch((error: Error) => expect(error.name).toBe('OrtError'));
    expect(session.broken).toBe(false);
    expect(await session.run(pixels(3072).fill(7), [1, 32, 32])).toEqual(good);
  });

  test('files that are no networks are refused, and others load', async () => {
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(1000).fill(9),
      files[0]?.weights.subarray(0, 5000),
    ])
      await expect(runtime.load(bytes as Uint8Array)).rejects.toMatchObject({ name: 'OrtError' });
    await expect(runtime.load(onnxFile(['LeakyRelu']))).resolves.toMatchObject({ broken: false });
  });

  test.each(['Sin', 'Attention', 'Sine'])(
    'a network with the operator %s is refused, and others go on',
    async (operator) => {
      const before = await runtime.load(files[0]?.weights as Uint8Array);
      await expect(runtime.load(onnxFile([operator]))).rejects.toMatchObject({
        code: 'model_unavailable',
        message: expect.stringContaining('use another'),
      });
      expect(before.broken).toBe(false);
      await before.run(pixels(3072), [1, 32, 32]);
      await before.release();
    },
  );

  test('a removed function breaks the sessions of its instance, not those after', async () => {
    const load = () => runtime.load(files[0]?.weights as Uint8Array);
    const before = await load();
    const foreign = await runtime.load(onnxFile(['Max']));
    await expect(foreign.run(pixels(48), [1, 4, 4])).rejects.toMatchObject({
      code: 'model_unavailable',
      message: expect.stringContaining('use another'),
    });
    expect(before.broken).toBe(true);
    await expect(before.run(pixels(3072), [1, 32, 32])).rejects.toMatchObject({ code: 'model_unavailable' });
    await before.release();
    const after = await load();
    expect(after.broken).toBe(false);
    await after.run(pixels(3072), [1, 32, 32]);
  });
});
