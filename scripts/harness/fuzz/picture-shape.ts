import { constants, deflateSync, inflateSync } from 'node:zlib';
import { mutate } from '../inputs/mutate.ts';
import { chunk } from '../inputs/png-file.ts';

const pngStart = '\x89PNG\r\n\x1a\n';

/** Most bytes of pixels to inflate and change; more would be slow. */
const maxPixelBytes = 64 * 1024;

/**
 * Repairs what decoders check first, so that a changed picture gets further: checksums, lengths and the end of a PNG, the
 * length of a WebP.
 */
export function mendPicture(input: Uint8Array): Uint8Array {
  if (isPng(input)) return rebuiltPng(input, (_, data) => data);
  if (Buffer.from(input.subarray(0, 4)).toString('latin1') !== 'RIFF' || input.length < 12) return input;
  const webp = Buffer.from(input);
  webp.writeUInt32LE(webp.length - 8, 4);
  return webp;
}

/** Changes the uncompressed pixels of a PNG, or bytes of any other picture. */
export function shapePicture(input: Uint8Array, random: () => number): Uint8Array {
  if (!isPng(input)) return mutate(input, random);
  return rebuiltPng(input, (name, data) => (name === 'IDAT' ? recompressed(data, random) : data));
}

function isPng(input: Uint8Array): boolean {
  return Buffer.from(input.subarray(0, 8)).toString('latin1') === pngStart;
}

function rebuiltPng(input: Uint8Array, rebuild: (name: string, data: Uint8Array) => Uint8Array): Uint8Array {
  const file = Buffer.from(input);
  const chunks: Uint8Array[] = [];
  let name = '';
  for (let at = 8; at + 8 < file.length; ) {
    const length = Math.min(file.readUInt32BE(at), Math.max(file.length - at - 12, 0));
    name = file.toString('latin1', at + 4, at + 8);
    chunks.push(chunk(name, rebuild(name, file.subarray(at + 8, at + 8 + length))));
    at += 12 + length;
  }
  if (name !== 'IEND') chunks.push(chunk('IEND', new Uint8Array()));
  return Buffer.concat([Buffer.from(pngStart, 'latin1'), ...chunks]);
}

const strategies = [
  { level: 0 },
  { strategy: constants.Z_FIXED },
  { strategy: constants.Z_HUFFMAN_ONLY },
  { level: 9 },
];

/** Changes pixels, and compresses them with a random strategy. */
function recompressed(data: Uint8Array, random: () => number): Uint8Array {
  try {
    const rows = inflateSync(data, { maxOutputLength: maxPixelBytes, finishFlush: constants.Z_SYNC_FLUSH });
    const changed = Buffer.from(rows);
    changed.set(mutate(rows, random).subarray(0, rows.length));
    return deflateSync(changed, strategies[Math.floor(random() * strategies.length)]);
  } catch {
    return data;
  }
}
