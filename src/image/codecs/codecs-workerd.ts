import mozjpeg from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import jpegModule from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm';
import libwebp from '@jsquash/webp/codec/dec/webp_dec.js';
import webpModule from '@jsquash/webp/codec/dec/webp_dec.wasm';
import { createCodecs } from './codecs.ts';
import type { EmscriptenFactory } from './wasm-decoder.ts';

/** The decoders in a Worker, where the bundler turns a `.wasm` import into a compiled module. */
export const codecs = createCodecs({
  jpeg: async () => ({ factory: mozjpeg as EmscriptenFactory, module: jpegModule }),
  webp: async () => ({ factory: libwebp as EmscriptenFactory, module: webpModule }),
});
