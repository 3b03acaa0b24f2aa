/** Compares what the files of a model answer in onnxruntime-web with its manifest. See `--help`. */
import { fileOf } from '../../src/inference/manifest.ts';
import { Model } from '../../src/inference/model.ts';
import { nodeRuntime } from '../../src/inference/runtime/runtime-node.ts';
import { selfTest } from '../../src/inference/self-test.ts';
import { folderSource } from '../../src/inference/source-node.ts';
import { fail, parseCommand } from '../harness/command.ts';
import { quantile } from '../harness/quantile.ts';

const help = `Usage: npm run build -- verify model/NAME

Runs the int8 and fp32 files of a model in onnxruntime-web, the runtime of Worker and page, on the golden input, and
compares the outputs with the manifest. Prints the milliseconds of an image.`;
const { positionals } = parseCommand(help, {}, { allowPositionals: true });
const [folder] = positionals;
if (folder === undefined) fail('Expected the folder of a model, such as model/cifar10', help);
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
  const { file } = fileOf(model.manifest, precision);
  console.log(`${file} matches its manifest in onnxruntime-web, ${quantile(times).toFixed(1)} ms an image`);
  await model.release();
}
