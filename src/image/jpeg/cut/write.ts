import type { Frame } from '../frame.ts';
import { damaged, marker } from '../segments.ts';
import type { Tables } from '../tables.ts';
import type { BlockWindow } from './window.ts';

/** Bits of the codes: one length for all, as the file is read at once and never stored. */
const codeBits = { dc: 5, ac: 8 };
/** Most bits of a coefficient; so all symbols of AC coefficients have a code of 8 bits that is not all ones. */
const mostBits = 14;
/** Bits of a DC difference, 0 to 15. */
const dcSymbols = Array.from({ length: 16 }, (_, size) => size);
/** End of block, 16 zeros, and `zeros << 4 | bits`. */
const acSymbols = [
  0x00,
  0xf0,
  ...Array.from({ length: 16 * mostBits }, (_, i) => (Math.floor(i / mostBits) << 4) | (1 + (i % mostBits))),
];
const [endOfBlock, sixteenZeros, firstAc] = [0, 1, 2];

/** Bytes of a coefficient at most, where a zero is written after every byte of ones; and of what is around a scan. */
const bytesPerCoefficient = 6;
const bytesPerScan = 16;

/**
 * Writes blocks as a sequential JPEG (ITU T.81, annex B and F): the coefficients stay what they are.
 *
 * @param frame - of the picture that is written.
 * @param quantization - of each component, its divisors as a segment has them.
 * @param tables - how the colors are stored.
 */
export function writeJpeg(
  frame: Frame,
  windows: readonly BlockWindow[],
  quantization: readonly Uint8Array[],
  { hasJfif, adobeTransform }: Pick<Tables, 'hasJfif' | 'adobeTransform'>,
): Uint8Array<ArrayBuffer> {
  const head = [0xff, marker.startOfImage];
  const segment = (code: number, ...data: number[]) => {
    const length = data.length + 2;
    head.push(0xff, code, length >> 8, length & 255, ...data);
  };
  if (hasJfif) segment(marker.app0, ...bytesOf('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0);
  if (adobeTransform !== undefined)
    segment(marker.app14, ...bytesOf('Adobe'), 0, 100, 0, 0, 0, 0, adobeTransform);
  for (const [i, divisors] of quantization.entries())
    segment(marker.quantization, (divisors.length > 64 ? 16 : 0) | i, ...divisors);
  const components = frame.components.flatMap(({ id, across, down }, i) => [id, (across << 4) | down, i]);
  segment(
    marker.extended,
    8,
    ...[frame.height >> 8, frame.height & 255, frame.width >> 8, frame.width & 255],
    frame.components.length,
    ...components,
  );
  for (const [table, bits, symbols] of [
    [0x00, codeBits.dc, dcSymbols],
    [0x10, codeBits.ac, acSymbols],
  ] as const) {
    const counts = Array.from({ length: 16 }, (_, i) => (i + 1 === bits ? symbols.length : 0));
    segment(marker.huffman, table, ...counts, ...symbols);
  }

  const blocks = windows.reduce((sum, { coefficients }) => sum + coefficients.length, 0);
  const writer = new BitWriter(head.length + bytesPerCoefficient * blocks + bytesPerScan * windows.length);
  writer.append(head);
  // A scan for each component: all of them in one would have too many blocks in a unit, where color is stored coarsely.
  for (const [i, window] of windows.entries()) {
    const { id, columns, rows } = frame.components[i] as Frame['components'][number];
    writer.append([0xff, marker.scan, 0, 8, 1, id, 0, 0, 63, 0]);
    writeBlocks(writer, window, columns, rows);
  }
  writer.append([0xff, marker.endOfImage]);
  return writer.written();
}

function writeBlocks(writer: BitWriter, window: BlockWindow, columns: number, rows: number): void {
  let previous = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const at = 64 * (row * window.columns + column);
      writeBlock(writer, window.coefficients, at, previous);
      previous = window.coefficients[at] as number;
    }
  writer.fill();
}

function writeBlock(writer: BitWriter, coefficients: Int16Array, at: number, previous: number): void {
  const difference = (coefficients[at] as number) - previous;
  const size = sizeOf(difference);
  if (size > 15) throw damaged('a coefficient is impossible');
  writer.put(size, codeBits.dc);
  writer.putValue(difference, size);
  let zeros = 0;
  for (let k = 1; k < 64; k++) {
    const value = coefficients[at + k] as number;
    if (value === 0) {
      zeros++;
      continue;
    }
    for (; zeros > 15; zeros -= 16) writer.put(sixteenZeros, codeBits.ac);
    const size = sizeOf(value);
    if (size > mostBits) throw damaged('a coefficient is impossible');
    writer.put(firstAc + zeros * mostBits + size - 1, codeBits.ac);
    writer.putValue(value, size);
    zeros = 0;
  }
  if (zeros > 0) writer.put(endOfBlock, codeBits.ac);
}

/** Bits of a value without its sign. */
function sizeOf(value: number): number {
  return 32 - Math.clz32(Math.abs(value));
}

function bytesOf(text: string): number[] {
  return Array.from(text, (char) => char.charCodeAt(0));
}

/** Writes bits, highest first, with a zero after every byte of ones. */
class BitWriter {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;
  #hold = 0;
  #held = 0;

  /** @param size - bytes that there is room for. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  /** @param count - at most 16. */
  put(bits: number, count: number): void {
    this.#hold = (this.#hold << count) | bits;
    this.#held += count;
    while (this.#held >= 8) {
      this.#held -= 8;
      const byte = (this.#hold >> this.#held) & 255;
      this.#bytes[this.#at++] = byte;
      if (byte === 255) this.#at++;
    }
    this.#hold &= (1 << this.#held) - 1;
  }

  putValue(value: number, size: number): void {
    this.put((value < 0 ? value - 1 : value) & ((1 << size) - 1), size);
  }

  /** Fills the last byte with ones. */
  fill(): void {
    if (this.#held > 0) this.put((1 << (8 - this.#held)) - 1, 8 - this.#held);
  }

  /** Writes bytes as they are. */
  append(bytes: readonly number[]): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** A copy: what was allocated is many times as long. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }
}
