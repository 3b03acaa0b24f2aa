/** onnxruntime-web by hand: the shortest code that runs our file in a page. */
import * as ort from 'onnxruntime-web/wasm';
import { byLabel, contend, query, rgb } from './page-frame.ts';

contend(async () => {
  ort.env.wasm.wasmPaths = `${location.origin}/stock/`;
  ort.env.wasm.numThreads = 1;
  const [session, manifest] = await Promise.all([
    ort.InferenceSession.create(`/model/cifar10.${query.get('precision')}.onnx`, {
      executionProviders: ['wasm'],
    }),
    fetch('/model/classes.json').then((answer) => answer.json()),
  ]);
  return async () => {
    const { probabilities } = await session.run({ image: new ort.Tensor('uint8', rgb, [1, 32, 32, 3]) });
    return byLabel(manifest.classes, probabilities?.data as Float32Array);
  };
});
