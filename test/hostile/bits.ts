/** Writes bits from the lowest up, as deflate stores them. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #hold = 0;
  #held = 0;

  /** The lowest `count` bits of a number, at most 16. */
  write(bits: number, count: number): this {
    this.#hold |= bits << this.#held;
    this.#held += count;
    for (; this.#held >= 8; this.#held -= 8) {
      this.#bytes.push(this.#hold & 255);
      this.#hold >>>= 8;
    }
    return this;
  }

  /** All bytes so far, the last one filled up with zeros. */
  bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#held > 0 ? [...this.#bytes, this.#hold] : this.#bytes);
  }
}

/** An empty deflate block with a code of its own: 92 bits that cost the reader two tables. */
export function writeEmptyBlock(writer: BitWriter, isLast = 0): void {
  // 257 literals, 1 distance, 18 lengths of code lengths: 18 has 1 bit, 1 and 0 have 2.
  writer.write(isLast, 1).write(2, 2).write(0, 5).write(0, 5).write(14, 4);
  for (let i = 0; i < 18; i++) writer.write(i === 2 ? 1 : i === 3 || i === 17 ? 2 : 0, 3);
  // 138 + 118 zeros, a 1 for the end of the block, a 1 for its one distance; then that end.
  writer.write(0, 1).write(127, 7).write(0, 1).write(107, 7).write(3, 2).write(3, 2).write(0, 1);
}
