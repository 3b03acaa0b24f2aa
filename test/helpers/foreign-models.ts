import { sha256 } from '../../src/util/sha256.ts';
import { onnxFile } from './onnx-file.ts';

/** Networks that the trimmed runtime was not made for, and one of the same form that it can run; by their operators. */
const networks: Record<string, string[]> = {
  familiar: ['LeakyRelu'],
  // It is not there: the network cannot be loaded.
  sine: ['Sin'],
  // It is known, since LeakyRelu can be made of it, but never run: the network fails when it runs.
  largest: ['Max'],
};

/** Answers `.../models/<name>/<file>` for those networks, and their list. */
export async function foreignModels(url: string): Promise<Response | undefined> {
  const [, name = '', file] = /\/models\/(?:(\w+)\/)?([\w.]+)$/.exec(new URL(url).pathname) ?? [];
  if (file === 'index.json') return Response.json({ models: ['cifar10', ...Object.keys(networks)] });
  const operators = networks[name];
  if (!operators) return undefined;
  const weights = onnxFile(operators);
  if (file === 'int8.onnx') return new Response(weights);
  return Response.json({
    name,
    version: '1.0.0',
    input: { width: 4, height: 4 },
    classes: ['red', 'green', 'blue'],
    embedding: { dimensions: 3 },
    files: [
      {
        file: 'int8.onnx',
        precision: 'int8',
        bytes: weights.length,
        sha256: await sha256(weights),
        metrics: {},
      },
    ],
    golden: { input: '', outputs: {} },
  });
}
