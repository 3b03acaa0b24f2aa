import { readdirSync, readFileSync } from 'node:fs';
import { drawPng } from './draw-png.ts';
import { seededRandom } from './random-vectors.ts';

/** An image file and its name. */
export interface Picture {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

const fixtures = new URL('../../../test/parity/fixtures/images/', import.meta.url);

/** The parity fixtures that a server accepts. */
export function fixturePictures(type: 'png' | 'jpg' | 'webp'): Picture[] {
  return readdirSync(fixtures)
    .filter((name) => name.endsWith(`.${type}`) && !/^(animated|cmyk)/.test(name))
    .sort()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, fixtures))) }));
}

/** The PNG fixtures, then drawn pictures of many sizes: gradients, edges and noise, the same in every run. */
export function pngPictures(count: number): Picture[] {
  const pictures = fixturePictures('png');
  for (let seed = 0; pictures.length < count; seed++) {
    const width = 32 + ((seed * 37) % 150);
    const height = 32 + ((seed * 53) % 170);
    const kind = seed % 3;
    const random = seededRandom(seed);
    const bytes = drawPng(width, height, (x, y) => {
      if (kind === 0) return [(x * 255) / width, (y * 255) / height, (seed * 40) % 256];
      if (kind === 1) return ((x >> 3) ^ (y >> 3)) & 1 ? [seed * 7, 255 - seed * 2, 60] : [20, seed * 3, 200];
      return [256 * random(), 128 * random() + seed, 256 * random()];
    });
    pictures.push({ name: `drawn ${seed}, ${width} x ${height}`, bytes });
  }
  return pictures.slice(0, count);
}
