/**
 * Runs the files of a model in onnxruntime-web, the runtime of Worker and page, and compares what they answer to the
 * golden input with its manifest.
 *
 *     node scripts/build/verify.ts model/NAME
 */
import { argv } from 'node:process';
import { fileOf } from '../../src/inference/manifest.ts';
import { Model } from '../../src/inference/model.ts';
import { nodeRuntime } from '../../src/inference/runtime/runtime-node.ts';
import { selfTest } from '../../src/inference/self-test.ts';
import { folderSource } from '../../src/inference/source-node.ts';

const folder = argv[2];
if (!folder) throw new Error('Name the folder of a model');
// fp16 needs a GPU.
for (const precision of ['int8', 'fp32'] as const) {
  const model = await Model.load(folderSource(folder), nodeRuntime, precision);
  await selfTest(model);
  const image = new Uint8Array(model.inputBytes).fill(128);
  const times: number[] = [];
  for (let i = 0; i < 21; i++) {
    const began = performance.now();
    await model.run([image]);
    times.push(performance.now() - began);
  }
  const median = times.sort((a, b) => a - b)[10] as number;
  const { file } = fileOf(model.manifest, precision);
  console.log(`${file} answers as it should in onnxruntime-web, ${median.toFixed(1)} ms an image`);
  await model.release();
}
