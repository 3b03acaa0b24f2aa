/**
 * The part of onnxruntime-web's Emscripten module that a session needs. Addresses are bytes into its memory; functions
 * that can fail return 0 for an object that there is not, or another status than 0, and leave a message.
 */
export interface OrtModule {
  /** The memory; another array whenever it has grown. */
  readonly HEAPU8: Uint8Array;
  stackSave(): number;
  stackRestore(address: number): void;
  stackAlloc(bytes: number): number;
  getValue(address: number, type: 'i32' | '*'): number;
  setValue(address: number, value: number, type: 'i32' | '*'): void;
  UTF8ToString(address: number): string;
  stringToUTF8(text: string, address: number, bytes: number): void;
  _malloc(bytes: number): number;
  _free(address: number): void;
  _OrtInit(threads: number, logLevel: number): number;
  _OrtGetLastError(code: number, message: number): number;
  _OrtCreateSessionOptions(
    optimization: number,
    arena: boolean,
    pattern: boolean,
    mode: number,
    profiling: boolean,
    profile: number,
    id: number,
    logLevel: number,
    verbosity: number,
    optimizedPath: number,
  ): number;
  _OrtReleaseSessionOptions(options: number): number;
  _OrtCreateSession(weights: number, bytes: number, options: number): number;
  _OrtReleaseSession(session: number): number;
  _OrtCreateTensor(
    type: number,
    data: number,
    bytes: number,
    dimensions: number,
    rank: number,
    location: number,
  ): number;
  _OrtGetTensorData(tensor: number, type: number, data: number, dimensions: number, rank: number): number;
  _OrtReleaseTensor(tensor: number): number;
  _OrtFree(address: number): number;
  _OrtCreateRunOptions(logLevel: number, verbosity: number, terminate: boolean, tag: number): number;
  _OrtReleaseRunOptions(options: number): number;
  _OrtRun(
    session: number,
    inputNames: number,
    inputs: number,
    inputCount: number,
    outputNames: number,
    outputCount: number,
    outputs: number,
    options: number,
  ): number;
}

/** Starts a module: `instantiateWasm` is given the imports, and hands over the instance made with them. */
export type OrtFactory = (options: {
  numThreads: number;
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): void;
}) => Promise<OrtModule>;
