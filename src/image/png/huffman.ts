/** Longest code of deflate, in bits. */
const longestCode = 15;

/**
 * A canonical Huffman code, as deflate stores it: by the length of each symbol's code (RFC 1951, 3.2.2). It is made
 * anew for each block in the memory of the one before: a stream may have a block for every few bytes.
 */
export class Huffman {
  /** Codes up to so many bits are looked up at once; longer ones are found bit by bit. */
  readonly quickBits: number;
  /** `symbol << 4 | length` for the next {@link quickBits} bits; 0 when the code is longer or does not exist. */
  readonly quick: Uint16Array;
  /** How many codes there are of each length. */
  readonly #counts = new Uint16Array(longestCode + 1);
  /** The symbols in the order of their codes. */
  readonly #symbols: Uint16Array;
  readonly #nextCode = new Uint16Array(longestCode + 1);
  readonly #nextIndex = new Uint16Array(longestCode + 1);

  /**
   * @param symbols - the most there may be.
   * @param quickBits - see {@link quickBits}.
   */
  constructor(symbols: number, quickBits: number) {
    this.quickBits = quickBits;
    this.quick = new Uint16Array(1 << quickBits);
    this.#symbols = new Uint16Array(symbols);
  }

  /**
   * Becomes another code.
   *
   * @param lengths - bits of each symbol's code; 0 for an unused symbol.
   * @throws Error when there are more codes than bits can tell apart.
   */
  make(lengths: Uint8Array): this {
    const [counts, nextCode, nextIndex, quick] = [this.#counts, this.#nextCode, this.#nextIndex, this.quick];
    counts.fill(0);
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol] as number;
      counts[length] = (counts[length] as number) + 1;
    }
    counts[0] = 0;
    for (let length = 1, code = 0, index = 0; length <= longestCode; length++) {
      nextCode[length] = code;
      nextIndex[length] = index;
      code += counts[length] as number;
      index += counts[length] as number;
      if (code > 1 << length) throw new Error('impossible code');
      code <<= 1;
    }
    quick.fill(0);
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol] as number;
      if (length === 0) continue;
      this.#symbols[(nextIndex[length] as number)++] = symbol;
      const code = (nextCode[length] as number)++;
      if (length > this.quickBits) continue;
      // Codes arrive with their first bit lowest.
      let reversed = 0;
      for (let bit = 0; bit < length; bit++) reversed |= ((code >> bit) & 1) << (length - 1 - bit);
      for (let i = reversed; i < quick.length; i += 1 << length) quick[i] = (symbol << 4) | length;
    }
    return this;
  }

  /**
   * Finds the code that `bits` begin with, lowest bit first, the slow way.
   *
   * @returns `symbol << 4 | length`, or 0 when no code is like that.
   */
  findLong(bits: number): number {
    let [code, first, index] = [0, 0, 0];
    for (let length = 1; length <= longestCode; length++) {
      code = (code << 1) | ((bits >> (length - 1)) & 1);
      const count = this.#counts[length] as number;
      if (code - first < count) return ((this.#symbols[index + code - first] as number) << 4) | length;
      index += count;
      first = (first + count) << 1;
    }
    return 0;
  }
}
