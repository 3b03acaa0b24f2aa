import { data, header, png } from './png-file.ts';

/** Draws an RGB PNG of `width * height` pixels, each colored by its position. */
export function drawPng(
  width: number,
  height: number,
  color: (x: number, y: number) => readonly [red: number, green: number, blue: number],
): Uint8Array<ArrayBuffer> {
  const rows = Array.from({ length: height }, (_, y) => [
    0,
    ...Array.from({ length: width }, (_, x) => color(x, y)).flat(),
  ]);
  return png(header(width, height), data(Uint8Array.from(rows.flat())));
}
