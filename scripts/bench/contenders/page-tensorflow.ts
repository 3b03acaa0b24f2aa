/** TensorFlow.js on its WebAssembly backend: the network, rebuilt by hand from the fp32 file's operators. */
// @ts-expect-error: installed by the benchmark, in a folder of its own.
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
// @ts-expect-error: installed by the benchmark, in a folder of its own.
import * as tf from '@tensorflow/tfjs-core';
import { readGraph } from './onnx.ts';
import { byLabel, contend, rgb } from './page-frame.ts';

contend(async () => {
  setWasmPaths(`${location.origin}/tensorflow/`);
  const [, manifest, file] = await Promise.all([
    tf.setBackend('wasm'),
    fetch('/model/classes.json').then((answer) => answer.json()),
    fetch('/model/cifar10.fp32.onnx').then((answer) => answer.arrayBuffer()),
  ]);
  const { nodes, weights } = readGraph(new Uint8Array(file));
  const constants = new Map(
    Array.from(weights, ([name, { shape, floats }]) => {
      const given = tf.tensor(floats, floats.length > 0 ? shape : [0]);
      // TensorFlow.js wants pictures as [batch, height, width, channel] and kernels as [height, width, in, out].
      return [name, shape.length === 4 ? tf.transpose(given, [2, 3, 1, 0]) : given];
    }),
  );
  const run = () => {
    const values = new Map(constants);
    values.set('image', tf.tensor(rgb, [1, 32, 32, 3], 'int32'));
    for (const { operator, inputs, outputs, attributes } of nodes) {
      const [x, y, z] = inputs.map((name) => values.get(name));
      const { strides = [1], pads = [0], transB } = attributes;
      const dense = () => tf.matMul(x, y, false, transB?.[0] === 1);
      const apply: Record<string, () => unknown> = {
        Transpose: () => x,
        Cast: () => tf.cast(x, 'float32'),
        Sub: () => tf.sub(x, y),
        Div: () => tf.div(x, y),
        Add: () => tf.add(x, y),
        Relu: () => tf.relu(x),
        LeakyRelu: () => tf.leakyRelu(x, attributes.alpha?.[0]),
        Conv: () => {
          const [pad, stride] = [pads[0] as number, strides[0] as number];
          const around = [
            [0, 0],
            [pad, pad],
            [pad, pad],
            [0, 0],
          ];
          return tf.fused.conv2d({
            x,
            filter: y,
            strides: stride,
            pad: stride === 1 && pad === 1 ? 'same' : around,
            bias: z,
          });
        },
        ReduceMean: () => tf.mean(x, [1, 2]),
        ReduceL2: () => tf.norm(x, 2, 1, true),
        Clip: () => x,
        Gemm: () => tf.add(dense(), z),
        MatMul: dense,
        Softmax: () => tf.softmax(x),
      };
      const step = apply[operator];
      if (!step) throw new Error(`The benchmark does not know ${operator}`);
      values.set(outputs[0] as string, step());
    }
    return values.get('probabilities');
  };
  return async () => {
    const probabilities = tf.tidy(run);
    const scores = await probabilities.data();
    probabilities.dispose();
    return byLabel(manifest.classes, scores);
  };
});
