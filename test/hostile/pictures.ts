import { flatJpeg } from '../../scripts/harness/inputs/flat-jpeg.ts';
import { readFixture } from '../../scripts/harness/inputs/parity-fixtures.ts';
import { chunk, data, header, png } from '../../scripts/harness/inputs/png-file.ts';
import { limits } from '../../src/contract/limits.ts';
import { BitWriter, writeEmptyBlock } from './bits.ts';

/** Pictures that are made to cost much, or to be taken for what they are not, each with the code of its refusal. */
export interface HostilePicture {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** Undefined where it is a picture after all. */
  code: 'invalid_image' | 'image_too_large' | 'unsupported_media_type' | undefined;
}

const most = limits.bodyBytes - 16 * 1024;
const side = Math.sqrt(limits.imagePixels);
const jpeg = Buffer.from(readFixture('images/baseline-420.jpg'));
const small = Buffer.from(png(header(8, 8), data(new Uint8Array(8 * 25))));

/** IHDR of any kind of PNG. */
function headerOf(width: number, height: number, bitDepth: number, colorType: number): Uint8Array {
  const bytes = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, bitDepth, colorType, 0, 0, 0]);
  bytes.writeUInt32BE(width, 0);
  bytes.writeUInt32BE(height, 4);
  return chunk('IHDR', bytes);
}

/** Bytes that repeat others, as many times as a body has room for. */
const repeat = (bytes: Uint8Array) => Buffer.alloc(most - (most % bytes.length), bytes);

/** A file with bytes put in before one of its own. */
const insert = (file: Buffer, at: number, bytes: Uint8Array) =>
  new Uint8Array(Buffer.concat([file.subarray(0, at), bytes, file.subarray(at)]));

function emptyBlocks(): Uint8Array {
  const writer = new BitWriter().write(0x78, 8).write(0x9c, 8);
  for (let bits = 0; bits < 8 * most; bits += 92) writeEmptyBlock(writer);
  return writer.bytes();
}

/** A progressive JPEG of the largest size with as many scans as may be, all but its own empty. */
function manyScans(scans: number): Uint8Array<ArrayBuffer> {
  const file = Buffer.from(readFixture('images/progressive-420.jpg'));
  const frame = file.indexOf(Buffer.from([0xff, 0xc2]));
  file.writeUInt16BE(side, frame + 5);
  file.writeUInt16BE(side, frame + 7);
  const starts: number[] = [];
  for (let at = 0; ; ) {
    at = file.indexOf(Buffer.from([0xff, 0xda]), at + 1);
    if (at < 0) break;
    starts.push(at);
  }
  const last = file.subarray(starts.at(-1), -2);
  return insert(file, file.length - 2, Buffer.concat(Array(scans - starts.length).fill(last)));
}

const marked = (marker: number[]) => repeat(Uint8Array.from(marker));

/** Makes them all; takes a moment, and some 100 MB. */
export function hostilePictures(): HostilePicture[] {
  const blocks = emptyBlocks();
  const rows = (bytesPerPixel: number) => data(new Uint8Array(side * (1 + side * bytesPerPixel)));
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
  const claims = (width: number, height: number) =>
    new Uint8Array(png(header(width, height), data(new Uint8Array(25))));
  return [
    {
      name: 'PNG of empty deflate blocks, 4 MP',
      bytes: made(header(side, side), chunk('IDAT', blocks)),
      code: 'invalid_image',
    },
    {
      name: 'PNG of empty deflate blocks, 4 MP of 8 bytes',
      bytes: made(headerOf(side, side, 16, 6), chunk('IDAT', blocks)),
      code: 'invalid_image',
    },
    {
      name: 'PNG of 4 MP and 8 bytes a pixel',
      bytes: made(headerOf(side, side, 16, 6), rows(8)),
      code: undefined,
    },
    { name: 'PNG of 4 MP', bytes: made(header(side, side), rows(3)), code: undefined },
    {
      name: 'PNG bomb: 8 x 8 with 50 MB of rows',
      bytes: made(header(8, 8), data(new Uint8Array(50_000_000))),
      // Nobody asks for more of it than its picture.
      code: undefined,
    },
    {
      name: 'PNG of empty chunks',
      bytes: insert(small, 33, repeat(chunk('teXt', new Uint8Array()))),
      code: 'invalid_image',
    },
    {
      name: 'PNG of empty IDATs',
      bytes: insert(small, 33, repeat(chunk('IDAT', new Uint8Array()))),
      code: 'invalid_image',
    },
    {
      name: 'PNG with a profile that inflates to 100 MB',
      bytes: insert(small, 33, bomb('iCCP')),
      code: undefined,
    },
    {
      name: 'PNG with text that inflates to 100 MB',
      bytes: insert(small, 33, bomb('zTXt')),
      code: undefined,
    },
    { name: 'PNG that says 65535 x 65535', bytes: claims(65_535, 65_535), code: 'image_too_large' },
    { name: 'PNG that says 0 x 0', bytes: claims(0, 0), code: 'invalid_image' },
    {
      name: 'interlaced PNG of one pixel too many',
      bytes: claims(side, side + 1).fill(1, 28, 29),
      code: 'image_too_large',
    },
    { name: 'PNG of some bytes too many', bytes: claims(8192, 5462), code: 'image_too_large' },
    { name: 'PNG that says as many bytes as may be', bytes: claims(8192, 5461), code: 'invalid_image' },
    { name: 'PNG of as many bytes as may be', bytes: largestPng(), code: undefined },
    { name: 'JPEG of 100 MP', bytes: flatJpeg(10_000, 10_000), code: undefined },
    { name: 'JPEG of 100 MP, cut', bytes: flatJpeg(10_000, 10_000).slice(0, -9), code: 'invalid_image' },
    { name: 'JPEG of some pixels too many', bytes: flatJpeg(10_001, 10_000), code: 'image_too_large' },
    {
      name: 'PNG chunk of 4 GB',
      bytes: insert(small, 33, Buffer.from('ffffffff74455874', 'hex')),
      code: 'invalid_image',
    },
    { name: 'JPEG of segments', bytes: insert(jpeg, 2, marked([0xff, 0xe0, 0, 2])), code: undefined },
    { name: 'JPEG of fill bytes', bytes: insert(jpeg, 2, marked([0xff])), code: undefined },
    { name: 'JPEG of restarts', bytes: insert(jpeg, jpeg.length - 2, marked([0xff, 0xd0])), code: undefined },
    { name: 'JPEG of stuffing', bytes: insert(jpeg, jpeg.length - 2, marked([0xff, 0])), code: undefined },
    { name: 'JPEG of 4 MP in 100 scans', bytes: manyScans(limits.jpegScans), code: 'invalid_image' },
    { name: 'JPEG of 101 scans', bytes: manyScans(limits.jpegScans + 1), code: 'invalid_image' },
    { name: 'animated PNG', bytes: fixture('animated.png'), code: 'unsupported_media_type' },
    { name: 'animated GIF', bytes: fixture('animated.gif'), code: 'unsupported_media_type' },
    { name: 'animated WebP', bytes: fixture('animated.webp'), code: 'unsupported_media_type' },
    { name: 'CMYK', bytes: fixture('cmyk.jpg'), code: 'unsupported_media_type' },
    { name: 'WebP of chunks', bytes: webpOfChunks(), code: 'invalid_image' },
    { name: 'SVG', bytes: text(svg), code: 'unsupported_media_type' },
    { name: 'HTML', bytes: text(`<!doctype html>${svg}`), code: 'unsupported_media_type' },
    {
      name: 'a GIF that is JavaScript too',
      bytes: text('GIF89a=1;alert(1)'),
      code: 'unsupported_media_type',
    },
    {
      name: 'a ZIP with a JPEG in it',
      bytes: text(`PK\x03\x04${jpeg.toString('latin1')}`),
      code: 'unsupported_media_type',
    },
    {
      name: 'a JPEG with HTML after it',
      bytes: insert(jpeg, jpeg.length, Buffer.from(svg)),
      code: undefined,
    },
    { name: 'nothing', bytes: new Uint8Array(), code: 'invalid_image' },
    { name: '8 MB of zeros', bytes: new Uint8Array(most), code: 'unsupported_media_type' },
    {
      name: '8 MB of PNG signatures',
      bytes: new Uint8Array(repeat(small.subarray(0, 8))),
      code: 'invalid_image',
    },
  ];
}

const made = (...chunks: Uint8Array[]) => new Uint8Array(png(...chunks));
const text = (value: string) => new Uint8Array(Buffer.from(value, 'latin1'));
const fixture = (name: string) => new Uint8Array(readFixture(`images/${name}`));

/** A chunk of compressed zeros behind a name. */
function bomb(name: string): Uint8Array {
  const zeros = data(new Uint8Array(100_000_000));
  return chunk(name, Buffer.concat([Buffer.from('x\0\0'), zeros.subarray(8, -4)]));
}

/** A PNG whose rows are as long in all as may be, of zeros. */
function largestPng(): Uint8Array<ArrayBuffer> {
  const [width, height] = [8192, 5461];
  return made(header(width, height), data(new Uint8Array(height * (1 + width * 3))));
}

function webpOfChunks(): Uint8Array<ArrayBuffer> {
  const chunks = repeat(Buffer.from('junk\0\0\0\0', 'latin1'));
  const start = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  start.writeUInt32LE(4 + chunks.length, 4);
  return new Uint8Array(Buffer.concat([start, chunks]));
}
