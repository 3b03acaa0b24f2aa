import { createRequire } from 'node:module';
import { nodeRuntime } from '../../../src/inference/runtime/runtime-node.ts';
import { installRivals, rivals } from '../contenders/rivals.ts';
import { inTurn, milliseconds, ratio, spread } from '../measure.ts';
import { type Effort, type Findings, table } from '../report.ts';
import { tensor } from '../served.ts';
import { trimmedSession, weightsOf } from './in-node.ts';

const repetitions = 30;

/** The used part of onnxruntime-node. */
interface Native {
  InferenceSession: {
    create(weights: Uint8Array, options: object): Promise<{ run(feeds: object): Promise<unknown> }>;
  };
  Tensor: new (type: 'uint8', data: Uint8Array, shape: number[]) => object;
}

/** Measures the network in Node: WebAssembly beside the native onnxruntime. */
export async function node({ rounds }: Effort): Promise<Findings> {
  const folder = await installRivals();
  const native: Native = createRequire(folder)('onnxruntime-node');
  const image = new native.Tensor('uint8', tensor, [1, 32, 32, 3]);
  const onThreads = async (weights: Uint8Array, threads?: number) => {
    const session = await native.InferenceSession.create(weights, {
      // Otherwise its idle threads would spin while the next row is measured.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      ...(threads && { intraOpNumThreads: threads, interOpNumThreads: threads }),
    });
    return () => session.run({ image });
  };
  const rows: Record<string, () => Promise<number>> = {};
  for (const precision of ['int8', 'fp32'] as const) {
    const weights = await weightsOf(precision);
    const trimmed = await trimmedSession(weights);
    const stock = await nodeRuntime.load(weights);
    for (const [name, run] of [
      ['trimmed runtime', () => trimmed(tensor)],
      ['onnxruntime-web', () => stock.run(tensor, [1, 32, 32])],
      ['onnxruntime-node, 1 thread', await onThreads(weights, 1)],
      ['onnxruntime-node, its default threads', await onThreads(weights)],
    ] as const)
      rows[`${precision}, ${name}`] = () => milliseconds(run, repetitions);
  }
  const times = await inTurn(rounds, rows);
  return {
    title: 'In Node: WebAssembly beside native code',
    text: `One image, in one process; onnxruntime-node ${rivals['onnxruntime-node']} is the native ceiling, which may use all that the processor has.

${table(
  ['', 'ms', 'over the trimmed runtime'],
  Object.entries(times).map(([name, values]) => {
    const base = times[`${name.split(',')[0]}, trimmed runtime`] as number[];
    return [name, spread(values), ratio(values, base).toFixed(2)];
  }),
)}`,
    ratios: {
      'Node: one int8 run, over onnxruntime-node on one thread': ratio(
        times['int8, trimmed runtime'] as number[],
        times['int8, onnxruntime-node, 1 thread'] as number[],
      ),
    },
  };
}
