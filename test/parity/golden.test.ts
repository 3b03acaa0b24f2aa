import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseManifest } from '../../src/inference/manifest.ts';
import { Model } from '../../src/inference/model.ts';
import { nodeRuntime } from '../../src/inference/runtime/runtime-node.ts';
import { folderSource } from '../../src/inference/source-node.ts';

const models = fileURLToPath(new URL('../../model/', import.meta.url));
const names = (await readdir(models, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const files = (
  await Promise.all(
    names.map(async (name) => {
      const source = folderSource(`${models}${name}/`);
      const manifest = parseManifest(new TextDecoder().decode(await source.read('manifest.json')));
      return manifest.files.map(({ precision }) => ({ name, precision, source }));
    }),
  )
).flat();

// int8 kernels round a requantization in their own way; floats differ by the order of sums.
const tolerances = { int8: 0.02, fp16: 0.005, fp32: 1e-4 };

test.each(files)(
  '$name $precision gives its golden outputs in onnxruntime-web',
  async ({ precision, source }) => {
    const model = await Model.load(source, nodeRuntime, precision);
    const { input, outputs } = model.manifest.golden;
    const answer = await model.run([new Uint8Array(Buffer.from(input, 'base64'))]);
    const expected = outputs[precision];
    for (const key of ['probabilities', 'embedding'] as const) {
      const values = expected?.[key] ?? [];
      expect(values).toHaveLength(answer[key].length);
      const off = values.map((value, i) => Math.abs(value - (answer[key][i] as number)));
      expect(Math.max(...off)).toBeLessThan(tolerances[precision]);
    }
  },
);
