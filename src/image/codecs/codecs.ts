import mozjpeg from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import libwebp from '@jsquash/webp/codec/dec/webp_dec.js';
import type { Decode, ModuleSource } from '../pixels.ts';
import { decodePng } from '../png/decode.ts';
import { type EmscriptenFactory, wasmDecoder } from './wasm-decoder.ts';

/** A decoder for each image type. Give them only what `readHeader` let through: they do not look at the limits. */
export interface Codecs {
  readonly jpeg: Decode;
  readonly png: Decode;
  readonly webp: Decode;
}

/**
 * Makes the decoders: mozjpeg and libwebp of jSquash (libjpeg-turbo's accurate integer DCT and fancy upsampling, as
 * Pillow), and our own PNG.
 *
 * @param modules `mozjpeg_dec.wasm` of @jsquash/jpeg and `webp_dec.wasm` of @jsquash/webp.
 */
export function createCodecs(modules: { jpeg: ModuleSource; webp: ModuleSource }): Codecs {
  return {
    // false: leave the orientation to us.
    jpeg: wasmDecoder(mozjpeg as EmscriptenFactory, modules.jpeg, [false]),
    png: decodePng,
    webp: wasmDecoder(libwebp as EmscriptenFactory, modules.webp),
  };
}
