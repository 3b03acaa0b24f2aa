import { lanes, scanModule } from './scan-module.ts';

/** Rows of int16 in contiguous memory, and the dot products of all of them with a query. */
export interface Rows {
  /** Numbers of a row: a multiple of 16, the rest zeros. */
  readonly stride: number;
  /** Makes room for this many rows in all. May throw RangeError, and then nothing has changed. */
  reserve(rows: number): void;
  /** A row in place; valid until the next {@link reserve}. */
  row(index: number): Int16Array;
  /** Writes the dot product of the query with each of the first `out.length` rows. */
  scan(query: Int16Array, out: Int32Array): void;
}

/** Rows of one call of the module: their dot products stay in the processor's L1 cache. */
const blockRows = 2_048;
const pageBytes = 65_536;
/** Memory grows by this much at least. */
const growthBytes = 1024 * 1024;

// workerd compiles WebAssembly only at the start of a Worker, from compatibility date 2025-06-01 on; a page may forbid
// it by its content security policy. The loop in JavaScript gives the same numbers, about 20 times slower.
const compiled = compile();

function compile(): WebAssembly.Module | null {
  // workerd's types have no such constructor, which works at the start of a Worker only.
  const Module = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module;
  try {
    return new Module(scanModule);
  } catch {
    return null;
  }
}

/**
 * Makes empty rows of `dimensions` numbers each.
 * @param module - null scans in JavaScript. Default: the SIMD module, where the platform compiles it.
 */
export function createRows(dimensions: number, module: WebAssembly.Module | null = compiled): Rows {
  const stride = Math.ceil(dimensions / lanes) * lanes;
  return module ? new SimdRows(stride, module) : new PlainRows(stride);
}

type Scan = (query: number, rows: number, out: number, count: number, stride: number) => void;

class SimdRows implements Rows {
  readonly stride: number;
  readonly #memory: WebAssembly.Memory;
  readonly #scan: Scan;
  /** The memory holds the query, a block of dot products, then the rows. */
  readonly #out: number;
  readonly #rows: number;

  constructor(stride: number, module: WebAssembly.Module) {
    this.stride = stride;
    this.#out = 2 * stride;
    this.#rows = this.#out + 4 * blockRows;
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(this.#rows / pageBytes) });
    const { exports } = new WebAssembly.Instance(module, { unlabel: { memory: this.#memory } });
    this.#scan = exports.scan as Scan;
  }

  reserve(rows: number): void {
    const missing = this.#rows + 2 * this.stride * rows - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(Math.max(missing, growthBytes) / pageBytes));
  }

  row(index: number): Int16Array {
    return new Int16Array(this.#memory.buffer, this.#rows + 2 * this.stride * index, this.stride);
  }

  scan(query: Int16Array, out: Int32Array): void {
    new Int16Array(this.#memory.buffer, 0, this.stride).set(query);
    for (let first = 0; first < out.length; first += blockRows) {
      const count = Math.min(blockRows, out.length - first);
      this.#scan(0, this.#rows + 2 * this.stride * first, this.#out, count, 2 * this.stride);
      out.set(new Int32Array(this.#memory.buffer, this.#out, count), first);
    }
  }
}

class PlainRows implements Rows {
  readonly stride: number;
  #numbers = new Int16Array();

  constructor(stride: number) {
    this.stride = stride;
  }

  reserve(rows: number): void {
    if (rows * this.stride <= this.#numbers.length) return;
    const grown = new Int16Array(Math.max(rows * this.stride, Math.ceil(1.25 * this.#numbers.length)));
    grown.set(this.#numbers);
    this.#numbers = grown;
  }

  row(index: number): Int16Array {
    return this.#numbers.subarray(index * this.stride, (index + 1) * this.stride);
  }

  scan(query: Int16Array, out: Int32Array): void {
    const numbers = this.#numbers;
    for (let row = 0, at = 0; row < out.length; row++) {
      let sum = 0;
      for (let i = 0; i < query.length; i++, at++) sum += (numbers[at] as number) * (query[i] as number);
      out[row] = sum;
    }
  }
}
