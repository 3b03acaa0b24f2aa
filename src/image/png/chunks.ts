import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import { viewOf } from '../../util/view.ts';

/** One chunk of a PNG: its four-letter name and its data, a view into the file. */
export interface PngChunk {
  readonly name: string;
  readonly data: Uint8Array;
  /** Whether the picture would be another one without it: its name has an upper-case first letter. */
  readonly isCritical: boolean;
  /** Whether the file ends in it, or in its CRC. */
  readonly isCut: boolean;
  /** Whether it is all there and its CRC is right. */
  isIntact(): boolean;
}

/**
 * Walks the chunks of a PNG up to and including IEND (PNG third edition, 5.3), or the end of the file. Bytes after IEND
 * are ignored.
 *
 * @param bytes starts with a PNG signature.
 * @throws UnlabelError `invalid_image` for too many chunks.
 */
export function* pngChunks(bytes: Uint8Array): Generator<PngChunk> {
  const view = viewOf(bytes);
  let name = '';
  let chunks = 0;
  for (let at = 8; name !== 'IEND' && at + 8 <= bytes.length; ) {
    if (++chunks > limits.pngChunks)
      throw new UnlabelError('invalid_image', `The PNG has more than ${limits.pngChunks} chunks`);
    const length = view.getUint32(at);
    const end = at + 8 + length;
    const body = bytes.subarray(at + 4, end);
    name = String.fromCharCode(...body.subarray(0, 4));
    yield {
      name,
      data: body.subarray(4),
      isCritical: /^[A-Z]/.test(name),
      isCut: end + 4 > bytes.length,
      isIntact: () => end + 4 <= bytes.length && crc32(body) === view.getUint32(end),
    };
    at = end + 4;
  }
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}
