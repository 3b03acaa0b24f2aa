import type { NetworkOutput } from '../runtime/runtime.ts';
import type { OrtFactory, OrtModule } from './module.ts';

/** onnxruntime reported an error; its instance can still be used. */
export class OrtError extends Error {
  override readonly name = 'OrtError';
}

/** A network in an instance of onnxruntime. Any error but an {@link OrtError} has broken the instance. */
export interface OrtSession {
  /** @throws OrtError */
  run(pixels: Uint8Array, shape: readonly number[]): NetworkOutput;
  release(): void;
}

// Enumerators of onnxruntime's C interface.
const [warnings, noOptimization, sequential, uint8, onCpu] = [2, 0, 0, 2, 1];
const outputNames = ['probabilities', 'embedding'] as const;

/**
 * Starts an instance of onnxruntime on one thread.
 *
 * @param instantiate - makes the instance of the WebAssembly module.
 * @throws OrtError
 */
export async function startOrt(
  factory: OrtFactory,
  module: WebAssembly.Module,
  instantiate = (imports: WebAssembly.Imports) => WebAssembly.instantiate(module, imports),
): Promise<OrtModule> {
  const ort = await new Promise<OrtModule>((resolve, reject) => {
    factory({
      numThreads: 1,
      instantiateWasm: (imports, done) =>
        void instantiate(imports).then((instance) => done(instance, module), reject),
    }).then(resolve, reject);
  });
  if (ort._OrtInit(1, warnings) !== 0) throw lastError(ort);
  return ort;
}

/**
 * Makes a session of an ONNX file, and runs it as it is: the export has optimized it.
 *
 * @throws OrtError
 */
export function openOrtSession(ort: OrtModule, weights: Uint8Array): OrtSession {
  const session = createSession(ort, weights);
  const [image, ...outputs] = ['image', ...outputNames].map((name) => textOf(ort, name)) as [
    number,
    number,
    number,
  ];
  return {
    run(pixels, shape) {
      const top = ort.stackSave();
      const data = bytesOf(ort, pixels);
      const options = ort._OrtCreateRunOptions(warnings, 0, false, 0);
      const tensors: number[] = [];
      try {
        const input = ort._OrtCreateTensor(
          uint8,
          data,
          pixels.length,
          wordsOf(ort, shape),
          shape.length,
          onCpu,
        );
        if (input === 0) throw lastError(ort);
        tensors.push(input);
        const results = wordsOf(ort, [0, 0]);
        const status = ort._OrtRun(
          session,
          wordsOf(ort, [image]),
          wordsOf(ort, [input]),
          1,
          wordsOf(ort, outputs),
          2,
          results,
          options,
        );
        if (status !== 0) throw lastError(ort);
        const [probabilities, embedding] = [results, results + 4].map((at) => ort.getValue(at, '*')) as [
          number,
          number,
        ];
        tensors.push(probabilities, embedding);
        return { probabilities: floatsOf(ort, probabilities), embedding: floatsOf(ort, embedding) };
      } finally {
        for (const tensor of tensors) ort._OrtReleaseTensor(tensor);
        ort._OrtReleaseRunOptions(options);
        ort._free(data);
        ort.stackRestore(top);
      }
    },
    release() {
      for (const name of [image, ...outputs]) ort._free(name);
      if (ort._OrtReleaseSession(session) !== 0) throw lastError(ort);
    },
  };
}

function createSession(ort: OrtModule, weights: Uint8Array): number {
  const options = ort._OrtCreateSessionOptions(
    noOptimization,
    false,
    false,
    sequential,
    false,
    0,
    0,
    warnings,
    0,
    0,
  );
  const data = bytesOf(ort, weights);
  const session = ort._OrtCreateSession(data, weights.length, options);
  const failure = session === 0 ? lastError(ort) : undefined;
  ort._free(data);
  ort._OrtReleaseSessionOptions(options);
  if (failure) throw failure;
  return session;
}

/** A copy of a tensor of floats. */
function floatsOf(ort: OrtModule, tensor: number): Float32Array {
  const at = ort.stackAlloc(16);
  if (ort._OrtGetTensorData(tensor, at, at + 4, at + 8, at + 12) !== 0) throw lastError(ort);
  const [data, dimensions, rank] = [
    ort.getValue(at + 4, '*'),
    ort.getValue(at + 8, '*'),
    ort.getValue(at + 12, 'i32'),
  ];
  let bytes = Float32Array.BYTES_PER_ELEMENT;
  for (let i = 0; i < rank; i++) bytes *= ort.getValue(dimensions + 4 * i, 'i32');
  ort._OrtFree(dimensions);
  return new Float32Array(ort.HEAPU8.slice(data, data + bytes).buffer);
}

/** Bytes on the heap, until they are freed. */
function bytesOf(ort: OrtModule, bytes: Uint8Array): number {
  const at = ort._malloc(bytes.length);
  if (at === 0) throw new OrtError(`out of memory: cannot allocate ${bytes.length} bytes`);
  ort.HEAPU8.set(bytes, at);
  return at;
}

function textOf(ort: OrtModule, text: string): number {
  return bytesOf(ort, new TextEncoder().encode(`${text}\0`));
}

/** 32-bit numbers on the stack, until it is restored. */
function wordsOf(ort: OrtModule, words: readonly number[]): number {
  const at = ort.stackAlloc(4 * words.length);
  words.forEach((word, i) => {
    ort.setValue(at + 4 * i, word, 'i32');
  });
  return at;
}

function lastError(ort: OrtModule): OrtError {
  const top = ort.stackSave();
  const at = ort.stackAlloc(8);
  ort._OrtGetLastError(at, at + 4);
  const message = ort.getValue(at + 4, '*');
  const error = new OrtError(message ? ort.UTF8ToString(message) : 'onnxruntime failed without a message');
  ort.stackRestore(top);
  return error;
}
