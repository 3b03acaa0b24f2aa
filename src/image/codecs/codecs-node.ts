import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { UnlabelError } from '../../contract/errors.ts';
import { createCodecs } from './codecs.ts';
import type { EmscriptenFactory } from './wasm-decoder.ts';

const { resolve } = createRequire(import.meta.url);

/** The decoders in Node, Bun and Deno: the modules of a Worker, out of `node_modules`. */
export const codecs = createCodecs({
  jpeg: () =>
    load(
      '@jsquash/jpeg',
      () => import('@jsquash/jpeg/codec/dec/mozjpeg_dec.js'),
      '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm',
    ),
  webp: () =>
    load(
      '@jsquash/webp',
      () => import('@jsquash/webp/codec/dec/webp_dec.js'),
      '@jsquash/webp/codec/dec/webp_dec.wasm',
    ),
});

/** @throws UnlabelError `not_supported` where the package cannot be loaded. */
async function load(name: string, importGlue: () => Promise<{ default: unknown }>, path: string) {
  try {
    const { default: factory } = await importGlue();
    const module = await WebAssembly.compile(await readFile(resolve(path)));
    return { factory: factory as EmscriptenFactory, module };
  } catch (cause) {
    const why = `The decoder ${name} cannot be loaded (${(cause as Error).message}): install ${name}`;
    throw new UnlabelError('not_supported', why, { cause });
  }
}
