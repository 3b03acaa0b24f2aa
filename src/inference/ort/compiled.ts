/**
 * Gives onnxruntime-web a compiled module where it wants to compile bytes: while its first session is made,
 * `WebAssembly.instantiate` answers to `bytes` with the module. All other calls go their usual way.
 *
 * @param bytes - what the runtime was told to compile (`env.wasm.wasmBinary`): a placeholder.
 */
export async function withCompiled<T>(
  module: WebAssembly.Module,
  bytes: ArrayBuffer,
  work: () => Promise<T>,
): Promise<T> {
  const instantiate = WebAssembly.instantiate;
  WebAssembly.instantiate = (async (source: Uint8Array, imports?: WebAssembly.Imports) =>
    source.buffer === bytes
      ? { module, instance: await instantiate(module, imports) }
      : instantiate(source as BufferSource, imports)) as unknown as typeof WebAssembly.instantiate;
  try {
    return await work();
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}
