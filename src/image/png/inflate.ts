import { limits } from '../../contract/limits.ts';
import { findLongCode, type Huffman, huffman, quickBits } from './huffman.ts';

/**
 * Inflates a zlib stream (RFC 1950, RFC 1951) of known length. Our own, because the platforms' streams cannot be
 * bounded: workerd's DecompressionStream inflates all that it is given before the first byte can be looked at.
 *
 * @param input the stream; its Adler-32 and bytes after it are not looked at.
 * @param length bytes that it must inflate to; no more are ever made.
 * @throws Error when the stream is damaged, cut off, shorter or longer than `length`.
 */
export function inflate(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  const reader = new BitReader(input);
  const [method, flags] = [reader.read(8), reader.read(8)];
  if ((method & 15) !== 8 || (method * 256 + flags) % 31 !== 0 || flags & 32)
    throw new Error('no zlib stream');
  let out = 0;
  const maxBlocks = limits.deflateBlocks + length / limits.deflateBlockBytes;
  let blocks = 0;
  let isLast = 0;
  do {
    isLast = reader.read(1);
    const type = reader.read(2);
    if (type === 2 && ++blocks > maxBlocks) throw new Error('too many blocks');
    if (type === 3) throw new Error('unknown block');
    if (type === 0) out = copyStored(reader, output, out);
    else out = inflateBlock(reader, type === 1 ? fixedCodes : readCodes(reader), output, out);
    if (reader.isPastEnd) throw new Error('cut off');
  } while (!isLast);
  if (out !== length) throw new Error('too short');
  return output;
}

/** Reads bits from the lowest up. Past the end it reads zeros, which {@link isPastEnd} tells. */
class BitReader {
  readonly input: Uint8Array;
  at = 0;
  hold = 0;
  held = 0;

  constructor(input: Uint8Array) {
    this.input = input;
  }

  get isPastEnd(): boolean {
    return this.at - (this.held >> 3) > this.input.length;
  }

  /** The next `count` bits, at most 16. */
  read(count: number): number {
    while (this.held < count) {
      this.hold |= (this.input[this.at++] ?? 0) << this.held;
      this.held += 8;
    }
    const bits = this.hold & ((1 << count) - 1);
    this.hold >>>= count;
    this.held -= count;
    return bits;
  }

  /** The next symbol of a code. */
  readSymbol(code: Huffman): number {
    while (this.held < 15) {
      this.hold |= (this.input[this.at++] ?? 0) << this.held;
      this.held += 8;
    }
    const entry = code.quick[this.hold & ((1 << quickBits) - 1)] || findLongCode(code, this.hold);
    if (entry === 0) throw new Error('unknown code');
    this.hold >>>= entry & 15;
    this.held -= entry & 15;
    return entry >> 4;
  }
}

interface Codes {
  readonly literals: Huffman;
  readonly distances: Huffman;
}

/** Base and extra bits of the symbols for lengths (257 to 285) and distances (0 to 29). */
const [lengthBases, lengthBits] = ranges(3, [8, 4, 4, 4, 4, 4]);
lengthBases[28] = 258;
lengthBits[28] = 0;
const [distanceBases, distanceBits] = ranges(1, [4, ...Array<number>(13).fill(2)]);

/** `runs[n]` symbols in a row have n extra bits. */
function ranges(first: number, runs: number[]): [bases: Uint16Array, bits: Uint8Array] {
  const bits = runs.flatMap((run, extra) => Array<number>(run).fill(extra));
  let base = first;
  const bases = bits.map((extra) => {
    base += 1 << extra;
    return base - (1 << extra);
  });
  return [Uint16Array.from([...bases, 0]), Uint8Array.from([...bits, 0])];
}

const fixedCodes = codesOf(
  Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)),
  new Uint8Array(30).fill(5),
);

function codesOf(literalLengths: Uint8Array, distanceLengths: Uint8Array): Codes {
  const [literals, distances] = [huffman(literalLengths), huffman(distanceLengths)];
  if (!literals || !distances) throw new Error('impossible code');
  return { literals, distances };
}

/** Order in which the code lengths of the code lengths are stored. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

function readCodes(reader: BitReader): Codes {
  const [literals, distances, stored] = [reader.read(5) + 257, reader.read(5) + 1, reader.read(4) + 4];
  const lengthLengths = new Uint8Array(19);
  for (const symbol of lengthOrder.slice(0, stored)) lengthLengths[symbol] = reader.read(3);
  const lengthCode = huffman(lengthLengths);
  if (!lengthCode) throw new Error('impossible code');
  const lengths = new Uint8Array(literals + distances);
  for (let i = 0; i < lengths.length; ) {
    const symbol = reader.readSymbol(lengthCode);
    if (symbol < 16) {
      lengths[i++] = symbol;
      continue;
    }
    const repeated = symbol === 16 ? lengths[i - 1] : 0;
    const times =
      symbol === 16 ? 3 + reader.read(2) : symbol === 17 ? 3 + reader.read(3) : 11 + reader.read(7);
    if (repeated === undefined || i + times > lengths.length) throw new Error('impossible code');
    lengths.fill(repeated, i, i + times);
    i += times;
  }
  return codesOf(lengths.subarray(0, literals), lengths.subarray(literals));
}

function copyStored(reader: BitReader, output: Uint8Array, out: number): number {
  reader.read(reader.held & 7);
  const length = reader.read(16);
  if ((reader.read(16) ^ length) !== 0xffff) throw new Error('damaged block');
  const start = reader.at - (reader.held >> 3);
  const bytes = reader.input.subarray(start, start + length);
  if (bytes.length < length) throw new Error('cut off');
  if (out + length > output.length) throw new Error('too long');
  output.set(bytes, out);
  reader.at = start + length;
  reader.hold = 0;
  reader.held = 0;
  return out + length;
}

function inflateBlock(
  reader: BitReader,
  { literals, distances }: Codes,
  output: Uint8Array,
  start: number,
): number {
  let out = start;
  for (;;) {
    const symbol = reader.readSymbol(literals);
    if (symbol === 256) return out;
    if (symbol < 256) {
      if (out === output.length) throw new Error('too long');
      output[out++] = symbol;
      continue;
    }
    const length = (lengthBases[symbol - 257] as number) + reader.read(lengthBits[symbol - 257] as number);
    const near = reader.readSymbol(distances);
    const distance = (distanceBases[near] as number) + reader.read(distanceBits[near] as number);
    if (distance > out || !(distance > 0) || !(length > 0)) throw new Error('impossible copy');
    if (out + length > output.length) throw new Error('too long');
    // Byte by byte: a copy may overlap its source.
    for (const end = out + length; out < end; out++) output[out] = output[out - distance] as number;
  }
}
