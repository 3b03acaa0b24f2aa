import { longestInput } from './fuzz.ts';

/** The input that a thread is reading, for another thread that sees whether it ever ends. */
export class Lane {
  readonly buffer: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(buffer = new SharedArrayBuffer(8 + longestInput)) {
    this.buffer = buffer;
    this.#numbers = new Int32Array(buffer, 0, 2);
    this.#bytes = new Uint8Array(buffer, 8);
  }

  /** Inputs so far. */
  get count(): number {
    return Atomics.load(this.#numbers, 0);
  }

  get input(): Uint8Array {
    return this.#bytes.slice(0, this.#numbers[1]);
  }

  set input(bytes: Uint8Array) {
    this.#bytes.set(bytes);
    this.#numbers[1] = bytes.length;
    Atomics.add(this.#numbers, 0, 1);
  }
}
