import { damaged } from './segments.ts';

/** Bits that are looked up at once; longer codes are found bit by bit. */
export const lookupBits = 12;

/** Most bits that an entry of {@link Codes.skips} may take: what a reader always has. With the rest of a byte they are 30. */
export const heldBits = 23;

/** Bits of an entry of {@link Codes.skips}: bits to take, coefficients to pass, and whether the block ends. */
export const skipBits = 5;
export const passBits = 7;
export const endFlag = 1 << (skipBits + passBits);

/** Says that an entry has nothing: no block has so many coefficients. */
const nothing = 127 << skipBits;

/** A Huffman table of a JPEG (ITU T.81, annex C). */
export interface Codes {
  /** `symbol << 4 | length` for the next {@link lookupBits} bits, where 0 is a longer code, or none. */
  readonly quick: Uint16Array;
  /**
   * For AC codes: all whole coefficients that the next {@link lookupBits} bits begin with, to be skipped in one step.
   * Made when first asked for.
   */
  skips(): Uint16Array;
  /** For each length, the code after the last one of that length, and the symbol's index minus the code. */
  readonly ends: Int32Array;
  readonly offsets: Int32Array;
  readonly symbols: Uint8Array;
}

/**
 * Makes the tables of a code.
 *
 * @param counts - how many codes there are of 1 to 16 bits.
 * @param symbols - in the order of their codes.
 * @throws UnlabelError `invalid_image` when there are more codes than bits can tell apart.
 */
export function makeCodes(counts: Uint8Array, symbols: Uint8Array): Codes {
  const quick = new Uint16Array(1 << lookupBits);
  const ends = new Int32Array(17);
  const offsets = new Int32Array(17);
  let [code, index] = [0, 0];
  for (let length = 1; length <= 16; length++, code <<= 1) {
    const count = counts[length - 1] as number;
    offsets[length] = index - code;
    if (code + count > 1 << length) throw damaged('a Huffman table is impossible');
    for (let i = 0; i < count && length <= lookupBits; i++) {
      const from = (code + i) << (lookupBits - length);
      quick.fill(((symbols[index + i] as number) << 4) | length, from, from + (1 << (lookupBits - length)));
    }
    code += count;
    index += count;
    ends[length] = code;
  }
  let skips: Uint16Array | undefined;
  return { quick, ends, offsets, symbols, skips: () => (skips ??= makeSkips(quick)) };
}

/** A coefficient is a code of `zeros before it << 4 | bits of its value`, and its value. */
function makeSkips(quick: Uint16Array): Uint16Array {
  const skips = new Uint16Array(quick.length);
  for (let bits = 0; bits < quick.length; bits++) {
    let [taken, passed, end] = [0, 0, 0];
    // What follows the known bits is taken for zeros: a code counts only where it lies within the known ones.
    while (taken < lookupBits && end === 0) {
      const entry = quick[(bits << taken) & (quick.length - 1)] as number;
      const length = entry & 15;
      const size = (entry >> 4) & 15;
      const zeros = entry >> 8;
      if (length === 0 || taken + length > lookupBits || taken + length + size > heldBits) break;
      taken += length + size;
      if (size > 0 || zeros === 15) passed += zeros + 1;
      else end = endFlag;
    }
    skips[bits] = taken === 0 || passed > 64 ? nothing : taken | (passed << skipBits) | end;
  }
  return skips;
}
