import type { RgbRows } from '../../src/image/fit/resize.ts';

/** The seeded pixels of make-fixtures.py: half a gradient, half noise from a hash of the position. */
export function pixels(width: number, height: number, seed: number): RgbRows & { data: Uint8Array } {
  const data = new Uint8Array(width * height * 3);
  for (let n = 0; n < data.length; n++) {
    const pixel = Math.trunc(n / 3);
    let hash = Math.imul(n ^ seed, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca77);
    const noise = (hash ^ (hash >>> 13)) & 255;
    const smooth = ((pixel % width) * ((n % 3) + 2) + Math.trunc(pixel / width) * 3 + seed) & 255;
    data[n] = (smooth + noise) >> 1;
  }
  const readRow = (y: number, row: Uint8Array | undefined) =>
    row?.set(data.subarray(y * width * 3, (y + 1) * width * 3));
  return { width, height, data, readRow };
}
