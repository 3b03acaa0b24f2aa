/**
 * Lays pixels on a white ground: `round((color * alpha + 255 * (255 - alpha)) / 255)`, rounded exactly, as Pillow's
 * `paste` with a mask.
 *
 * @param rgba pixels with straight alpha, four bytes each.
 * @param start the first pixel to read, counted in pixels.
 * @param step from one pixel to the next, counted in pixels; may be negative.
 * @param rgb receives the pixels, three bytes each; its length says how many.
 */
export function flatten(
  rgba: Uint8ClampedArray | Uint8Array,
  start: number,
  step: number,
  rgb: Uint8Array,
): void {
  for (let from = start * 4, to = 0; to < rgb.length; from += step * 4, to += 3) {
    const alpha = rgba[from + 3] as number;
    for (let channel = 0; channel < 3; channel++) {
      const color = rgba[from + channel] as number;
      rgb[to + channel] = alpha === 255 ? color : divideBy255(color * alpha + 255 * (255 - alpha));
    }
  }
}

/** `Math.round(value / 255)` for 0 to 65,025. */
function divideBy255(value: number): number {
  const half = value + 128;
  return (half + (half >> 8)) >> 8;
}
