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
