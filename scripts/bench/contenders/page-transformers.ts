/** transformers.js: its pipelines for image classification and feature extraction, on our file. */
// @ts-expect-error: installed by the benchmark, in a folder of its own.
import { env, pipeline, RawImage } from '@huggingface/transformers';
import { contend, query, rgb } from './page-frame.ts';

contend(async () => {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = '/models/';
  const build = `${location.origin}/rival/ort-wasm-simd-threaded.asyncify`;
  env.backends.onnx.wasm.wasmPaths = { mjs: `${build}.mjs`, wasm: `${build}.wasm` };
  const options = { dtype: query.get('precision') === 'int8' ? 'q8' : 'fp32', device: 'wasm' };
  const image = () => new RawImage(rgb, 32, 32, 3);
  if (query.get('task') === 'embed') {
    const embed = await pipeline('image-feature-extraction', 'cifar10', options);
    return async () => Object.fromEntries((await embed(image())).data.entries());
  }
  const classify = await pipeline('image-classification', 'cifar10', options);
  return async () => {
    const answer: { label: string; score: number }[] = await classify(image(), { top_k: 10 });
    return Object.fromEntries(answer.map(({ label, score }) => [label, score]));
  };
});
