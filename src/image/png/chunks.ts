import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import { viewOf } from '../../util/view.ts';

/** One chunk of a PNG: its four-letter name and its data, a view into the file. */
export interface PngChunk {
  readonly name: string;
  readonly data: Uint8Array;
}

/**
 * Walks the chunks of a PNG up to and including IEND (PNG third edition, 5.3). Bytes after IEND are ignored.
 *
 * @param bytes starts with a PNG signature.
 * @param options.checksums also verify every CRC.
 * @throws UnlabelError `invalid_image` for a wrong CRC, or too many chunks. RangeError when the file ends before IEND does.
 */
export function* pngChunks(bytes: Uint8Array, { checksums = false } = {}): Generator<PngChunk> {
  const view = viewOf(bytes);
  let name = '';
  let chunks = 0;
  for (let at = 8; name !== 'IEND'; ) {
    if (++chunks > limits.pngChunks)
      throw new UnlabelError('invalid_image', `The PNG has more than ${limits.pngChunks} chunks`);
    const length = view.getUint32(at);
    const body = bytes.subarray(at + 4, at + 8 + length);
    const checksum = view.getUint32(at + 8 + length);
    if (checksums && crc32(body) !== checksum) {
      throw new UnlabelError('invalid_image', 'The PNG is damaged: a checksum is wrong');
    }
    name = String.fromCharCode(...body.subarray(0, 4));
    yield { name, data: body.subarray(4) };
    at += 12 + length;
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
