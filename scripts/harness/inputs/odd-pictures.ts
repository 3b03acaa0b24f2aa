import { constants, deflateRawSync, deflateSync } from 'node:zlib';
import { readFixture } from './parity-fixtures.ts';
import type { Picture } from './pictures.ts';
import { chunk, header, png } from './png-file.ts';

/** A file that is not as it should be, as cameras and programs write them, and one that shows the same and is. */
export interface OddPicture extends Picture {
  right: Uint8Array<ArrayBuffer>;
}

/** All kinds of them, each in several forms. */
export function oddPictures(): OddPicture[] {
  return [...oddJpegs(), ...oddPngs()];
}

const join = (...parts: (Uint8Array | number[])[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));

const jpegNames = ['baseline-420', 'progressive-420', 'grey', 'restart', 'stored-rgb'];

function* oddJpegs(): Generator<OddPicture> {
  for (const name of jpegNames) {
    const right = new Uint8Array(readFixture(`images/${name}.jpg`));
    const first = endOfSegment(right, 2);
    const scan = Buffer.from(right).lastIndexOf(Buffer.from([0xff, 0xda]));
    const between = (what: string, at: number, bytes: number[]) => ({
      name: `${name}: ${what}`,
      bytes: join(right.subarray(0, at), bytes, right.subarray(at)),
      right,
    });
    yield between('bytes between segments', first, [0, 0xe1, 0, 10, 1, 2, 3, 4, 5, 6, 7, 8]);
    yield between('stuffed and filled bytes before a scan', scan, [7, 0xff, 0, 9, 0xff, 0xff]);
    yield between('a segment with a length too small', first, [0xff, 0xe7, 0, 4, 1, 2, 3, 4, 5]);
    yield between('a segment with a length too large', first, [
      ...[0xff, 0xe7, 0, 12, 1, 2, 3, 4],
      // What the length takes of the next one, a comment, is no loss.
      ...[0xff, 0xfe, 0, 8, 1, 2, 3, 4, 5, 6],
    ]);
    const end = (what: string, bytes: Uint8Array<ArrayBuffer>) => ({
      name: `${name}: ${what}`,
      bytes,
      right,
    });
    yield end('no end marker', right.slice(0, -2));
    yield end('half an end marker', right.slice(0, -1));
    yield end('a trailer in its place', join(right.subarray(0, -2), [0, 0, 0x31, 0x0a], trailer(1)));
    yield end(
      'a trailer that begins with markers',
      join(right.subarray(0, -2), [0xff, 0xc0, 0, 4, 9], trailer(2)),
    );
    yield end('a picture after the end', join(right, right));
  }
  for (const orientation of [3, 6, 8]) {
    const right = new Uint8Array(readFixture(`images/orientation-${orientation}.jpg`));
    const plain = new Uint8Array(readFixture('images/orientation-1.jpg'));
    const start = plain.indexOf(0xe1);
    const bare = join(plain.subarray(0, start - 1), plain.subarray(endOfSegment(plain, start - 1)));
    for (const isLittle of [false, true])
      yield {
        name: `orientation ${orientation} as LONG, ${isLittle ? 'II' : 'MM'}`,
        bytes: withExif(bare, exif(orientation, { isLittle, isLong: true })),
        right,
      };
    yield {
      name: `orientation ${orientation} behind another pad byte`,
      bytes: withExif(bare, exif(orientation, { pad: 0xff })),
      right,
    };
  }
}

/** Where a segment ends that begins at a position. */
function endOfSegment(jpeg: Uint8Array, at: number): number {
  return at + 2 + Buffer.from(jpeg).readUInt16BE(at + 2);
}

/** Bytes of any kind, the same at every run. */
function trailer(seed: number): Uint8Array {
  return Uint8Array.from({ length: 4000 }, (_, i) => Math.imul(i + seed, 0x9e3779b1) >>> (i % 23));
}

function withExif(jpeg: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return join(jpeg.subarray(0, 2), [0xff, 0xe1, 0, data.length + 2], data, jpeg.subarray(2));
}

/** An EXIF block of one tag. */
export function exif(
  orientation: number,
  { isLittle = false, isLong = false, pad = 0 }: { isLittle?: boolean; isLong?: boolean; pad?: number } = {},
): Uint8Array {
  const block = Buffer.alloc(6 + 26);
  block.write(`Exif\0\0${isLittle ? 'II' : 'MM'}`, 'latin1');
  block[5] = pad;
  const view = new DataView(block.buffer, block.byteOffset + 6, 26);
  view.setUint16(2, 42, isLittle);
  view.setUint32(4, 8, isLittle);
  view.setUint16(8, 1, isLittle);
  view.setUint16(10, 0x112, isLittle);
  view.setUint16(12, isLong ? 4 : 3, isLittle);
  view.setUint32(14, 1, isLittle);
  if (isLong) view.setUint32(18, orientation, isLittle);
  else view.setUint16(18, orientation, isLittle);
  return block;
}

const [width, height] = [52, 37];
const rgb = Uint8Array.from({ length: height * (1 + width * 3) }, (_, i) => {
  const [x, y] = [i % (1 + width * 3), Math.floor(i / (1 + width * 3))];
  return x === 0 ? 0 : (x * 2 + y * 5 + (x % 3) * 40) & 255;
});
const grey = Uint8Array.from({ length: height * (1 + width) }, (_, i) =>
  i % (1 + width) === 0 ? 0 : ((i % 7) * 37) & 255,
);

function* oddPngs(): Generator<OddPicture> {
  const stream = deflateSync(rgb);
  const idat = chunk('IDAT', stream);
  const right = png(header(width, height), idat);
  const odd = (name: string, ...chunks: Uint8Array[]) => ({
    name,
    bytes: png(header(width, height), ...chunks),
    right,
  });
  yield odd('surplus pixels', chunk('IDAT', deflateSync(join(rgb, rgb.subarray(0, 500)))));
  yield odd('surplus bytes after the stream', chunk('IDAT', join(stream, [1, 2, 3, 4, 5, 6, 7])));
  yield odd('an unfinished stream', chunk('IDAT', unfinished(rgb)));
  yield odd('no checksum of the stream', chunk('IDAT', stream.subarray(0, -4)));
  yield odd('a wrong checksum of the stream', chunk('IDAT', join(stream.subarray(0, -4), [1, 2, 3, 4])));
  yield odd('a wrong CRC of text', spoiled(chunk('iTXt', new Uint8Array(20))), idat);
  yield odd('a wrong CRC of transparency', spoiled(chunk('tRNS', new Uint8Array(6))), idat);
  yield odd('a wrong CRC of EXIF', spoiled(chunk('eXIf', exif(6).subarray(6))), idat);
  yield odd('a wrong CRC of an animation', spoiled(chunk('acTL', new Uint8Array(8))), idat);
  yield odd('EXIF as LONG that says upright', chunk('eXIf', exif(1, { isLong: true }).subarray(6)), idat);
  yield { name: 'no IEND', bytes: right.slice(0, -12), right };
  yield { name: 'half an IEND', bytes: right.slice(0, -5), right };
  yield { name: 'no IEND, and other bytes', bytes: join(right.subarray(0, -12), [1, 2, 3]), right };
  for (const memLevel of [1, 3, 8])
    yield odd(`a block for every row, memory level ${memLevel}`, chunk('IDAT', inBlocks(rgb, memLevel)));
  const tall = Uint8Array.from({ length: 201 * 3000 }, (_, i) => (i % 201 === 0 ? 1 : Math.clz32(i * i) & 7));
  yield {
    name: 'thousands of blocks',
    bytes: png(header(200, 3000, 0), chunk('IDAT', inBlocks(tall, 5, 3000))),
    right: png(header(200, 3000, 0), chunk('IDAT', deflateSync(tall))),
  };
  const parts = Array.from(stream, (byte) => chunk('IDAT', Uint8Array.of(byte)));
  yield odd('a chunk for every byte', ...parts.slice(0, 500), chunk('IDAT', stream.subarray(500)));

  for (const key of [37, 74]) {
    const laid = grey.map((value, i) => (i % (1 + width) > 0 && value === key ? 255 : value));
    yield {
      name: `transparency of grey ${key} with bits beyond its depth`,
      bytes: png(
        header(width, height, 0),
        chunk('tRNS', Uint8Array.of(0xff, key)),
        chunk('IDAT', deflateSync(grey)),
      ),
      right: png(header(width, height, 0), chunk('IDAT', deflateSync(laid))),
    };
  }
  const rgbKey = (high: number) => chunk('tRNS', Uint8Array.of(high, 42, high, 84, high, 126));
  yield {
    name: 'transparency of RGB with bits beyond its depth',
    bytes: png(header(width, height), rgbKey(0x7f), idat),
    right: png(header(width, height), rgbKey(0), idat),
  };
}

function spoiled(chunk: Uint8Array): Uint8Array {
  return join(chunk.subarray(0, -1), [(chunk.at(-1) as number) ^ 1]);
}

/** A zlib stream without its last block and its checksum. */
function unfinished(rows: Uint8Array): Uint8Array {
  return deflateSync(rows, { finishFlush: constants.Z_SYNC_FLUSH });
}

/** A zlib stream with blocks of its own for every row, as encoders with little memory write it. */
function inBlocks(rows: Uint8Array, memLevel: number, count = height): Uint8Array {
  const length = rows.length / count;
  const blocks = Array.from({ length: count }, (_, y) =>
    deflateRawSync(rows.subarray(y * length, (y + 1) * length), {
      memLevel,
      strategy: constants.Z_HUFFMAN_ONLY,
      finishFlush: constants.Z_SYNC_FLUSH,
    }),
  );
  return join([0x78, 0x9c], ...blocks, [3, 0, 0, 0, 0, 0]);
}
