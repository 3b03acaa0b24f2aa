/** Codes up to this length are looked up at once; the few longer ones are found bit by bit. */
export const quickBits = 10;

/** Longest code of deflate, in bits. */
const longestCode = 15;

/** A canonical Huffman code, as deflate stores it: by the length of each symbol's code. */
export interface Huffman {
  /** `symbol << 4 | length` for the next {@link quickBits} bits; 0 when the code is longer or does not exist. */
  readonly quick: Uint16Array;
  /** How many codes there are of each length. */
  readonly counts: Uint16Array;
  /** The symbols in the order of their codes. */
  readonly symbols: Uint16Array;
}

/**
 * Builds the tables of a code (RFC 1951, 3.2.2).
 *
 * @param lengths bits of each symbol's code; 0 for an unused symbol.
 * @returns undefined when there are more codes than bits can tell apart.
 */
export function huffman(lengths: Uint8Array): Huffman | undefined {
  const counts = new Uint16Array(longestCode + 1);
  for (const length of lengths) if (length > 0) counts[length] = (counts[length] as number) + 1;
  const nextCode = new Uint16Array(longestCode + 1);
  const nextIndex = new Uint16Array(longestCode + 1);
  for (let length = 1, code = 0, index = 0; length <= longestCode; length++) {
    nextCode[length] = code;
    nextIndex[length] = index;
    code += counts[length] as number;
    index += counts[length] as number;
    if (code > 1 << length) return undefined;
    code <<= 1;
  }
  const quick = new Uint16Array(1 << quickBits);
  const symbols = new Uint16Array(lengths.length);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] as number;
    if (length === 0) continue;
    symbols[(nextIndex[length] as number)++] = symbol;
    const code = (nextCode[length] as number)++;
    if (length > quickBits) continue;
    // Codes arrive with their first bit lowest.
    let reversed = 0;
    for (let bit = 0; bit < length; bit++) reversed |= ((code >> bit) & 1) << (length - 1 - bit);
    for (let i = reversed; i < quick.length; i += 1 << length) quick[i] = (symbol << 4) | length;
  }
  return { quick, counts, symbols };
}

/**
 * Finds the code that `bits` begin with, lowest bit first, the slow way.
 *
 * @returns `symbol << 4 | length`, or 0 when no code is like that.
 */
export function findLongCode({ counts, symbols }: Huffman, bits: number): number {
  let [code, first, index] = [0, 0, 0];
  for (let length = 1; length <= longestCode; length++) {
    code = (code << 1) | ((bits >> (length - 1)) & 1);
    const count = counts[length] as number;
    if (code - first < count) return ((symbols[index + code - first] as number) << 4) | length;
    index += count;
    first = (first + count) << 1;
  }
  return 0;
}
