import { limits } from '../../contract/limits.ts';
import { Huffman } from './huffman.ts';

/** How far back a copy of deflate reaches, and how long it is at most (RFC 1951, 3.2.5). */
const windowBytes = 32 * 1024;
const longestCopy = 258;

/** Room beyond the window and what is asked for, so that the window is moved seldom. */
const spareBytes = 64 * 1024;

/**
 * Inflates a zlib stream (RFC 1950, RFC 1951) piece by piece, no further than is asked for. Our own, because the
 * platforms' streams cannot be bounded: workerd's DecompressionStream inflates all that it is given before the first
 * byte can be looked at. The Adler-32, and whatever follows the last byte that is asked for, is not looked at.
 */
export class Inflater {
  readonly #reader: BitReader;
  /** The last bytes that were made: those that a copy may reach, and those that nobody has read. */
  #window: Uint8Array;
  #made = 0;
  #read = 0;
  /** Bytes that have left the window, and blocks with codes of their own. */
  #gone = 0;
  #blocks = 0;
  #isLast = false;
  /** What is left of a stored block, or the codes of any other. */
  #stored = 0;
  #codes: Codes | undefined;
  readonly #ownCodes = new OwnCodes();

  /**
   * @param parts - the stream, in pieces.
   * @param length - bytes that will be asked for in all; a window for more is not needed.
   * @throws Error where it is no zlib stream.
   */
  constructor(parts: readonly Uint8Array[], length: number) {
    this.#reader = new BitReader(parts);
    this.#window = new Uint8Array(windowBytes + Math.min(length, spareBytes) + longestCopy);
    const [method, flags] = [this.#reader.read(8), this.#reader.read(8)];
    if ((method & 15) !== 8 || (method * 256 + flags) % 31 !== 0 || flags & 32)
      throw new Error('no zlib stream');
  }

  /**
   * The next `count` bytes; they change with the next call.
   * @throws Error where the stream is damaged, cut off or shorter.
   */
  read(count: number): Uint8Array {
    while (this.#made - this.#read < count) this.#makeMore(this.#read + count);
    this.#read += count;
    return this.#window.subarray(this.#read - count, this.#read);
  }

  /** Makes bytes until there are `end` in the window, as long as one block lasts; moves the window first where it is full. */
  #makeMore(end: number): void {
    if (end + longestCopy > this.#window.length) {
      this.#move(end - this.#read);
      return;
    }
    const reader = this.#reader;
    if (this.#stored > 0) {
      const bytes = reader.take(Math.min(this.#stored, end - this.#made));
      this.#window.set(bytes, this.#made);
      this.#made += bytes.length;
      this.#stored -= bytes.length;
    } else if (this.#codes) this.#inflate(this.#codes, end);
    else {
      if (this.#isLast) throw new Error('too short');
      this.#isLast = reader.read(1) === 1;
      const type = reader.read(2);
      if (type === 3) throw new Error('unknown block');
      if (type === 2 && ++this.#blocks > this.#maxBlocks) throw new Error('too many blocks');
      if (type === 0) this.#stored = reader.storedLength();
      else this.#codes = type === 1 ? fixedCodes : this.#ownCodes.read(reader);
    }
    if (reader.isPastEnd) throw new Error('cut off');
  }

  get #maxBlocks(): number {
    return limits.deflateBlocks + (this.#gone + this.#made) / limits.deflateBlockBytes;
  }

  /** Keeps what is still needed, at the start of a window that has room for `count` bytes to be read. */
  #move(count: number): void {
    const from = Math.max(Math.min(this.#read, this.#made - windowBytes), 0);
    const needed = this.#read - from + count + longestCopy;
    const kept = this.#window.subarray(from, this.#made);
    if (needed > this.#window.length) {
      this.#window = new Uint8Array(needed + spareBytes);
      this.#window.set(kept);
    } else this.#window.copyWithin(0, from, this.#made);
    this.#gone += from;
    this.#made -= from;
    this.#read -= from;
  }

  #inflate({ literals, distances }: Codes, end: number): void {
    const reader = this.#reader;
    const window = this.#window;
    let made = this.#made;
    while (made < end) {
      const symbol = reader.readSymbol(literals);
      if (symbol < 256) {
        window[made++] = symbol;
        continue;
      }
      if (symbol === 256) {
        this.#codes = undefined;
        break;
      }
      const length = (lengthBases[symbol - 257] as number) + reader.read(lengthBits[symbol - 257] as number);
      const near = reader.readSymbol(distances);
      const distance = (distanceBases[near] as number) + reader.read(distanceBits[near] as number);
      if (distance > made || !(distance > 0) || !(length > 0)) throw new Error('impossible copy');
      // Byte by byte: a copy may overlap its source.
      for (const stop = made + length; made < stop; made++) window[made] = window[made - distance] as number;
    }
    this.#made = made;
  }
}

/** Reads bits from the lowest up. Past the end it reads zeros, which {@link isPastEnd} tells. */
class BitReader {
  readonly #parts: readonly Uint8Array[];
  #part = 0;
  #input: Uint8Array;
  #at = 0;
  #hold = 0;
  #held = 0;
  /** Bits of `#hold` that are not in the stream. */
  #padded = 0;

  constructor(parts: readonly Uint8Array[]) {
    this.#parts = parts;
    this.#input = parts[0] ?? new Uint8Array();
  }

  get isPastEnd(): boolean {
    return this.#held < this.#padded;
  }

  /** The next `count` bits, at most 16. */
  read(count: number): number {
    while (this.#held < count) this.#hold8();
    const bits = this.#hold & ((1 << count) - 1);
    this.#hold >>>= count;
    this.#held -= count;
    return bits;
  }

  /** The next symbol of a code. */
  readSymbol(code: Huffman): number {
    while (this.#held < 15) this.#hold8();
    const entry = code.quick[this.#hold & (code.quick.length - 1)] || code.findLong(this.#hold);
    if (entry === 0) throw new Error('unknown code');
    this.#hold >>>= entry & 15;
    this.#held -= entry & 15;
    return entry >> 4;
  }

  /** The length of a stored block, whose bytes are next. */
  storedLength(): number {
    this.read(this.#held & 7);
    const length = this.read(16);
    if ((this.read(16) ^ length) !== 0xffff) throw new Error('damaged block');
    return length;
  }

  /** Some of the next whole bytes: at least one, at most `count`. */
  take(count: number): Uint8Array {
    if (this.#held > 0) return Uint8Array.of(this.read(8));
    if (!this.#hasInput()) throw new Error('cut off');
    const bytes = this.#input.subarray(this.#at, this.#at + count);
    this.#at += bytes.length;
    return bytes;
  }

  #hold8(): void {
    if (this.#at < this.#input.length || this.#hasInput())
      this.#hold |= (this.#input[this.#at++] as number) << this.#held;
    else this.#padded += 8;
    this.#held += 8;
  }

  /** Goes to the next part that has bytes, where this one has none. */
  #hasInput(): boolean {
    while (this.#at === this.#input.length) {
      const next = this.#parts[++this.#part];
      if (!next) return false;
      this.#input = next;
      this.#at = 0;
    }
    return true;
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

const fixedCodes: Codes = {
  literals: new Huffman(288, 9).make(
    Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)),
  ),
  distances: new Huffman(30, 5).make(new Uint8Array(30).fill(5)),
};

/** Order in which the code lengths of the code lengths are stored. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** The codes that blocks bring along (RFC 1951, 3.2.7), one after the other in the same memory. */
class OwnCodes implements Codes {
  readonly literals = new Huffman(288, 10);
  readonly distances = new Huffman(32, 8);
  readonly #codeLengths = new Huffman(19, 7);
  readonly #lengthLengths = new Uint8Array(19);
  readonly #lengths = new Uint8Array(288 + 32);

  /** @throws Error where they are impossible. */
  read(reader: BitReader): this {
    const [literals, distances, stored] = [reader.read(5) + 257, reader.read(5) + 1, reader.read(4) + 4];
    this.#lengthLengths.fill(0);
    for (let i = 0; i < stored; i++) this.#lengthLengths[lengthOrder[i] as number] = reader.read(3);
    const code = this.#codeLengths.make(this.#lengthLengths);
    const lengths = this.#lengths;
    const count = literals + distances;
    for (let i = 0; i < count; ) {
      const symbol = reader.readSymbol(code);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      const repeated = symbol === 16 ? lengths[i - 1] : 0;
      const times =
        symbol === 16 ? 3 + reader.read(2) : symbol === 17 ? 3 + reader.read(3) : 11 + reader.read(7);
      if (repeated === undefined || i + times > count) throw new Error('impossible code');
      lengths.fill(repeated, i, i + times);
      i += times;
    }
    this.literals.make(lengths.subarray(0, literals));
    this.distances.make(lengths.subarray(literals, count));
    return this;
  }
}
