import jpegModule from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm';
import webpModule from '@jsquash/webp/codec/dec/webp_dec.wasm';
import { createCodecs } from './codecs.ts';

/** The decoders in a Worker, where the bundler turns a `.wasm` import into a compiled module. */
export const codecs = createCodecs({ jpeg: () => jpegModule, webp: () => webpModule });
