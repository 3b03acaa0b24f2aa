import type { Decode } from '../pixels.ts';
import { decodePng } from '../png/decode.ts';
import { type DecoderSource, wasmDecoder } from './wasm-decoder.ts';

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
 * @param sources `mozjpeg_dec` of @jsquash/jpeg and `webp_dec` of @jsquash/webp.
 */
export function createCodecs({ jpeg, webp }: { jpeg: DecoderSource; webp: DecoderSource }): Codecs {
  return {
    // false: leave the orientation to us.
    jpeg: wasmDecoder(jpeg, [false]),
    png: decodePng,
    webp: wasmDecoder(webp),
  };
}
