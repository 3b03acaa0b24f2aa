import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createCodecs } from './codecs.ts';

/** The decoders in Node, for scripts and tests: the same modules as in a Worker, out of `node_modules`. */
export const codecs = createCodecs({
  jpeg: () => compile('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'),
  webp: () => compile('@jsquash/webp/codec/dec/webp_dec.wasm'),
});

async function compile(path: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(createRequire(import.meta.url).resolve(path)));
}
