/** Compiles while the bytes arrive; afterwards if the server sent another media type. */
export async function compile(file: Response): Promise<WebAssembly.Module> {
  return file.headers.get('content-type') === 'application/wasm'
    ? WebAssembly.compileStreaming(file)
    : WebAssembly.compile(await file.arrayBuffer());
}
