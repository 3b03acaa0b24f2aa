import { mostInputBytes } from './fuzz.ts';

/** Shares the input that a thread is reading with another thread, which sees when one never ends. */
export class SharedInput {
  readonly buffer: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(buffer = new SharedArrayBuffer(8 + mostInputBytes)) {
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
