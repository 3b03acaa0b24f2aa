import { readFile } from 'node:fs/promises';
import { openOrtSession, startOrt } from '../../../src/inference/ort/core.ts';

const root = new URL('../../../', import.meta.url);

/** Reads the weights of the shipped network. */
export async function weightsOf(precision: 'int8' | 'fp32'): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL(`model/cifar10/cifar10.${precision}.onnx`, root)));
}

/** Opens the network in the trimmed runtime, in this process. */
export async function trimmedSession(weights: Uint8Array) {
  const { default: factory } = await import(new URL('dist/runtime/ort.js', root).href);
  const module = await WebAssembly.compile(await readFile(new URL('dist/runtime/ort.wasm', root)));
  const session = openOrtSession(await startOrt(factory, module), weights);
  return (pixels: Uint8Array) => session.run(pixels, [pixels.length / (32 * 32 * 3), 32, 32, 3]);
}
