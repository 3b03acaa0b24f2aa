import { type Codes, endFlag, heldBits, lookupBits, passBits, skipBits } from './codes.ts';
import { damaged, isRestart } from './segments.ts';

/**
 * Bits that are held: all whole numbers of 30 bits are small ones to V8, also where it compresses pointers, as workerd and
 * Chromium do. Larger ones would be objects, and reading took four times as long.
 */
const holdMask = (1 << 30) - 1;

/**
 * Reads the entropy-coded data of a scan (ITU T.81, annex F), highest bit first. After its end it reads zeros; what
 * was read of them {@link check} tells.
 */
export class EntropyReader {
  readonly #bytes: Uint8Array;
  /** The next byte to take; at a marker it stays there. */
  #at: number;
  /** The lowest `#held` bits are the next ones. */
  #hold = 0;
  #held = 0;
  /** Bits of `#hold` that are not in the file. */
  #padded = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where the data ends that has been read: the first byte after the last one that had a bit in it. */
  get end(): number {
    let at = this.#at;
    for (let whole = (this.#held - this.#padded) >> 3; whole > 0; whole--) {
      at--;
      if (this.#bytes[at] === 0 && this.#bytes[at - 1] === 0xff) at--;
    }
    return at;
  }

  /** @throws RangeError when more bits were read than there are. */
  check(): void {
    if (this.#held < this.#padded) throw new RangeError('scan');
  }

  /** The next bits, at most 16. */
  bits(count: number): number {
    if (this.#held < heldBits) this.#fill();
    this.#held -= count;
    return (this.#hold >>> this.#held) & ((1 << count) - 1);
  }

  /** The difference to the DC coefficient before. */
  difference(codes: Codes): number {
    const size = this.symbol(codes);
    if (size === 0) return 0;
    if (size > 15) throw damaged('a coefficient is impossible');
    return this.value(size);
  }

  /** A coefficient, or the difference to one, of so many bits: at least 1. */
  value(size: number): number {
    const bits = this.bits(size);
    return bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
  }

  /** Reads the AC coefficients of a block that begins at `at`. */
  readBlock(codes: Codes, coefficients: Int16Array, at: number): void {
    for (let k = 1; k < 64; k++) {
      const symbol = this.symbol(codes);
      const size = symbol & 15;
      if (size === 0 && symbol < 0xf0) return;
      k += symbol >> 4;
      if (k > 63) throw damaged('a block has too many coefficients');
      if (size > 0) coefficients[at + k] = this.value(size);
    }
  }

  /** Skips the AC coefficients of a block. */
  skipBlock(codes: Codes, skips: Uint16Array): void {
    const bytes = this.#bytes;
    let hold = this.#hold;
    let held = this.#held;
    let at = this.#at;
    for (let k = 1; k < 64; ) {
      while (held < heldBits) {
        const byte = bytes[at] as number;
        // Also past the end, where it is undefined.
        if (!(byte < 0xff)) {
          this.#hold = hold;
          this.#held = held;
          this.#at = at;
          this.#fill();
          hold = this.#hold;
          held = this.#held;
          at = this.#at;
          break;
        }
        hold = ((hold << 8) | byte) & holdMask;
        held += 8;
        at++;
      }
      const entry = skips[(hold >>> (held - lookupBits)) & ((1 << lookupBits) - 1)] as number;
      const next = k + ((entry >> skipBits) & ((1 << passBits) - 1));
      if (next < 64) {
        held -= entry & ((1 << skipBits) - 1);
        k = next;
        if (entry & endFlag) break;
      } else if (next === 64 && !(entry & endFlag)) {
        held -= entry & ((1 << skipBits) - 1);
        break;
      } else {
        this.#hold = hold;
        this.#held = held;
        this.#at = at;
        k = this.#skipOne(codes, k);
        hold = this.#hold;
        held = this.#held;
        at = this.#at;
      }
    }
    this.#hold = hold;
    this.#held = held;
    this.#at = at;
  }

  /** Goes on after the next restart marker, which must be the one with this number. */
  restart(number: number): void {
    this.check();
    const bytes = this.#bytes;
    let at = this.end;
    do {
      at = bytes.indexOf(0xff, at);
      if (at < 0) throw new RangeError('scan');
      while (bytes[at] === 0xff) at++;
    } while (bytes[at] === 0);
    if (bytes[at] !== 0xd0 + (number & 7)) {
      const found = bytes[at];
      throw found === undefined
        ? new RangeError('scan')
        : damaged(isRestart(found) ? 'a restart marker is missing' : 'a scan ends early');
    }
    [this.#at, this.#hold, this.#held, this.#padded] = [at + 1, 0, 0, 0];
  }

  /** Skips one coefficient, or the rest of the block; the slow way, for long codes and at the end of a block. */
  #skipOne(codes: Codes, k: number): number {
    const symbol = this.symbol(codes);
    const size = symbol & 15;
    if (size === 0 && symbol < 0xf0) return 64;
    this.bits(size);
    const next = k + (symbol >> 4) + 1;
    if (next > 64) throw damaged('a block has too many coefficients');
    return next;
  }

  /** The next symbol. */
  symbol({ quick, ends, offsets, symbols }: Codes): number {
    if (this.#held < heldBits) this.#fill();
    const entry = quick[(this.#hold >>> (this.#held - lookupBits)) & ((1 << lookupBits) - 1)] as number;
    if (entry > 0) {
      this.#held -= entry & 15;
      return entry >> 4;
    }
    for (let length = lookupBits + 1; length <= 16; length++) {
      const code = (this.#hold >>> (this.#held - length)) & ((1 << length) - 1);
      if (code >= (ends[length] as number)) continue;
      this.#held -= length;
      return symbols[code + (offsets[length] as number)] as number;
    }
    throw damaged('a code is unknown');
  }

  /** Holds at least {@link heldBits} bits. */
  #fill(): void {
    const bytes = this.#bytes;
    while (this.#held < heldBits) {
      let byte = bytes[this.#at] ?? 0;
      let isInFile = this.#at < bytes.length;
      if (byte === 0xff) {
        let next = this.#at + 1;
        while (bytes[next] === 0xff) next++;
        isInFile = bytes[next] === 0;
        if (isInFile) this.#at = next + 1;
        else byte = 0;
      } else if (isInFile) this.#at++;
      if (!isInFile) this.#padded += 8;
      this.#hold = ((this.#hold << 8) | byte) & holdMask;
      this.#held += 8;
    }
  }
}
