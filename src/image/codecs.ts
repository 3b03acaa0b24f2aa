import mozjpeg from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import libwebp from '@jsquash/webp/codec/dec/webp_dec.js';
import { decodePng } from './png-decode.ts';
import { type EmscriptenFactory, wasmDecoder } from './wasm-decoder.ts';

/** Decoded pixels: 8 bits a channel, straight alpha, rows from the top, `width * height * 4` bytes. An ImageData is one. */
export interface Rgba {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
}

/**
 * Decodes one encoded image to the pixels as stored: EXIF orientation and colour profile are not applied.
 *
 * @throws UnlabelError `invalid_image` when the data is damaged or cut off.
 */
export type Decode = (bytes: Uint8Array) => Promise<Rgba>;

/** A decoder for each image type. Give them only what `readHeader` let through: they do not look at the limits. */
export interface Codecs {
  readonly jpeg: Decode;
  readonly png: Decode;
  readonly webp: Decode;
}

/** Gets a compiled module; called when the first image of its kind arrives. */
export type ModuleSource = () => WebAssembly.Module | Promise<WebAssembly.Module>;

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
