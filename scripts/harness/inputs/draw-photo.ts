import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import encodeJpeg, { init } from '@jsquash/jpeg/encode.js';
import { readFrame } from '../../../src/image/jpeg/frame.ts';
import { isFrame, marker, nextSegment } from '../../../src/image/jpeg/segments.ts';
import { viewOf } from '../../../src/util/view.ts';
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

/**
 * Draws a picture as {@link drawPhoto} does, some times from the top down: a large one for the cost of a small one. Between
 * two of them is a restart marker.
 *
 * @param height - of one of them, a multiple of 16.
 */
export async function drawTallPhoto(
  width: number,
  height: number,
  times: number,
  options?: Options,
): Promise<Uint8Array<ArrayBuffer>> {
  // Its blocks begin anew with each picture, and all have the same tables.
  const bytes = await drawPhoto(width, height, { ...options, progressive: false, optimize_coding: false });
  let [scan, units] = [2, 0];
  let segment = nextSegment(bytes, scan);
  for (; segment.marker !== marker.scan; segment = nextSegment(bytes, scan)) {
    scan = segment.end;
    if (!isFrame(segment.marker)) continue;
    const { maxAcross, maxDown } = readFrame(segment.marker, segment.data);
    units = Math.ceil(width / (8 * maxAcross)) * (height / (8 * maxDown));
    viewOf(segment.data).setUint16(1, height * times);
  }
  const restarts = [0xff, marker.restartInterval, 0, 4, units >> 8, units & 255];
  const blocks = bytes.subarray(segment.end, -2);
  const parts = Array.from({ length: times }, (_, i) => [
    blocks,
    Uint8Array.of(0xff, i < times - 1 ? 0xd0 + (i % 8) : marker.endOfImage),
  ]);
  return new Uint8Array(
    Buffer.concat([
      bytes.subarray(0, scan),
      Uint8Array.from(restarts),
      bytes.subarray(scan, segment.end),
      ...parts.flat(),
    ]),
  );
}
