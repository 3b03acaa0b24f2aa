import { flatJpeg } from '../../inputs/flat-jpeg.ts';
import { oddPictures } from '../../inputs/odd-pictures.ts';
import { readFixture } from '../../inputs/parity-fixtures.ts';
import { fixturePictures } from '../../inputs/pictures.ts';

const refused = ['animated.png', 'animated.gif', 'animated.webp', 'cmyk.jpg'];

/** Bytes of odd pictures beyond which they would slow the fuzzer down. */
const longestOdd = 8 * 1024;

/** Small pictures of every kind that is read, and of those that are known and refused. */
export const pictureSeeds: readonly Uint8Array[] = [
  ...(['png', 'jpg', 'webp'] as const).flatMap(fixturePictures).map(({ bytes }) => bytes),
  ...oddPictures()
    .map(({ bytes }) => bytes)
    .filter(({ length }) => length < longestOdd),
  // Large enough for its DC coefficients alone.
  flatJpeg(520, 514),
  ...refused.map((name) => readFixture(`images/${name}`)),
];

/** Names of chunks, and the bytes of markers: SOF, DHT, SOS, restart, end, APP1; of Exif. */
export const pictureTokens = [
  ...['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND', 'eXIf', 'acTL', 'iCCP', 'RIFF', 'WEBP', 'VP8X', 'VP8 ', 'VP8L'],
  ...['EXIF', 'ANMF', 'ALPH', 'Exif\0\0', 'II*\0', 'MM\0*', '\0\0\0\0', '\x01\x12\0\x03\0\0\0\x01'],
];
