import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import encodeJpeg, { init } from '@jsquash/jpeg/encode.js';
import { seededRandom } from './random-vectors.ts';

let ready: Promise<unknown> | undefined;

type Options = Parameters<typeof encodeJpeg>[1];

/** Draws a picture with detail at every scale, as a progressive JPEG of quality 85 where nothing else is said. */
export async function drawPhoto(
  width: number,
  height: number,
  options?: Options,
): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const random = seededRandom(1);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const noise = Math.floor(32 * random()) - 16;
    data[4 * i] = 128 + 90 * Math.sin(x / 97) + noise;
    data[4 * i + 1] = 128 + 90 * Math.sin((x + y) / 41) + noise;
    data[4 * i + 2] = 128 + 90 * Math.cos(y / 13) + noise;
  }
  return encode({ width, height, data }, { quality: 85, ...options });
}

/** Encodes pixels as a JPEG, by default as mozjpeg does: progressive, and of quality 75. */
export async function encode(
  pixels: { width: number; height: number; data: Uint8ClampedArray },
  options?: Options,
): Promise<Uint8Array<ArrayBuffer>> {
  ready ??= readFile(createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm')).then(
    async (bytes) => init(await WebAssembly.compile(bytes)),
  );
  await ready;
  return new Uint8Array(await encodeJpeg(pixels as ImageData, options));
}
