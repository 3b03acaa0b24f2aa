import { quantile } from '../../harness/quantile.ts';
import { readGraph, type Weight } from '../contenders/onnx.ts';
import { digits, inTurn, milliseconds, ratio, spread } from '../measure.ts';
import { type Effort, type Findings, table } from '../report.ts';
import { tensor } from '../served.ts';
import { trimmedSession, weightsOf } from './in-node.ts';
import { compileKernel, compileReader, kernels } from './kernels.ts';

/** Bytes far beyond the caches, and well within them. */
const [farBytes, nearBytes] = [192 * 2 ** 20, 512 * 2 ** 10];

/** Compares the network's time with the peak speed of one core in WebAssembly. */
export async function limit({ rounds }: Effort): Promise<Findings> {
  const weights = { int8: await weightsOf('int8'), fp32: await weightsOf('fp32') };
  const { operations, activations } = costOf(weights.fp32, 32);
  const [int8, fp32] = [await trimmedSession(weights.int8), await trimmedSession(weights.fp32)];
  const eight = new Uint8Array(8 * tensor.length);
  for (let i = 0; i < 8; i++) eight.set(tensor, i * tensor.length);
  const compiled = await Promise.all(
    Object.entries(kernels).map(async ([name, kernel]) => ({ name, measure: await compileKernel(kernel) })),
  );
  const [far, near] = [await compileReader(farBytes), await compileReader(nearBytes)];
  const times = await inTurn(rounds, {
    'int8, one image': () => milliseconds(() => int8(tensor), 20),
    'int8, of 8 at once': async () => (await milliseconds(() => int8(eight), 3)) / 8,
    'fp32, one image': () => milliseconds(() => fp32(tensor), 20),
    far: () => milliseconds(far),
    near: () => milliseconds(near, 50),
    ...Object.fromEntries(compiled.map(({ name, measure }) => [name, async () => operations * measure()])),
  });
  /** Milliseconds of one image's operations at the speed of each kernel. */
  const ideal = compiled.map(({ name }) => ({ name, times: times[name as keyof typeof times] }));
  const bandwidth = {
    far: farBytes / quantile(times.far) / 1e6,
    near: nearBytes / quantile(times.near) / 1e6,
  };
  const bytes = { int8: weights.int8.length + 2 * activations, fp32: weights.fp32.length + 8 * activations };
  const nets = ['int8, one image', 'int8, of 8 at once', 'fp32, one image'] as const;
  return {
    title: 'The physical limit',
    text: `The network has ${(operations / 1e6).toFixed(1)} million multiply-accumulates an image and ${(activations / 1e3).toFixed(0)},000 activations. A micro-kernel,
the inner loop of a product of matrices with its sums in registers and its operands in the nearest cache, says what one core
does with each instruction in WebAssembly, in this process; the columns say how many times as long the network takes as its
multiply-accumulates alone would.

${table(
  ['', '10^9 a second', 'ms an image', ...nets],
  ideal.map(({ name, times: best }) => [
    name,
    spread(best.map((time) => operations / time / 1e6)),
    digits(quantile(best)),
    ...nets.map((net) => ratio(times[net], best).toFixed(1)),
  ]),
)}

The network itself: ${nets.map((net) => `${net} ${spread(times[net])} ms`).join('; ')}. onnxruntime-web has no relaxed SIMD: it multiplies
int8 as pairs of int16, and adds float32 in two instructions.

Weights and activations, each written and read once, are ${(bytes.int8 / 1e6).toFixed(1)} MB in int8 and ${(bytes.fp32 / 1e6).toFixed(1)} MB in fp32. One core reads ${digits(bandwidth.near)} GB/s
from its caches and ${digits(bandwidth.far)} GB/s from memory: ${digits(bytes.int8 / bandwidth.near / 1e6)} to ${digits(bytes.int8 / bandwidth.far / 1e6)} ms in int8. The bytes are no limit here, the multiplications are.`,
  };
}

/** Multiply-accumulates and activations of one image. */
function costOf(file: Uint8Array, size: number): { operations: number; activations: number } {
  const { nodes, weights } = readGraph(file);
  const sides = new Map<string, number>();
  let [operations, activations] = [0, 0];
  for (const { operator, inputs, outputs, attributes } of nodes) {
    const [input = '', name = ''] = inputs;
    const side = sides.get(input) ?? size;
    const { shape } = weights.get(name) ?? ({ shape: [] } as Partial<Weight>);
    let after = side;
    if (operator === 'Conv') {
      after = side / (attributes.strides?.[0] ?? 1);
      const [out = 0] = shape as number[];
      operations += after ** 2 * product(shape as number[]);
      activations += after ** 2 * out;
    } else if (operator === 'Gemm' || operator === 'MatMul') operations += product(shape as number[]);
    for (const output of outputs) sides.set(output, after);
  }
  return { operations, activations };
}

function product(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all * number, 1);
}
