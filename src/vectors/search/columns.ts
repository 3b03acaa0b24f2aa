import type { Comparison, Filter, MetadataValue } from '../../contract/vectors.ts';

/** Bytes of all columns, estimated; beyond them, the oldest are dropped. */
const mostBytes = 8 * 1024 * 1024;
/** Bytes of a distinct value beside its characters, in the list and in the map. */
const valueBytes = 64;

/** The metadata of all places under one key, as codes of its distinct values: a filter tests each value once. */
class Column {
  /** By place: index into {@link #values}; 0 for none. */
  #codes = new Uint32Array(64);
  readonly #values: (MetadataValue | undefined)[] = [undefined];
  readonly #codeOf = new Map<MetadataValue, number>();

  #textBytes = 0;

  /** Bytes in use, by estimate. */
  get bytes(): number {
    return this.#codes.byteLength + valueBytes * this.#codeOf.size + this.#textBytes;
  }

  set(place: number, value: MetadataValue | undefined): void {
    if (place >= this.#codes.length) {
      const grown = new Uint32Array(Math.max(place + 1, Math.ceil(1.25 * this.#codes.length)));
      grown.set(this.#codes);
      this.#codes = grown;
    }
    let code = value === undefined ? 0 : this.#codeOf.get(value);
    if (code === undefined) {
      code = this.#values.push(value) - 1;
      this.#codeOf.set(value as MetadataValue, code);
      if (typeof value === 'string') this.#textBytes += 2 * value.length;
    }
    this.#codes[place] = code;
  }

  move(from: number, to: number): void {
    this.#codes[to] = this.#codes[from] as number;
  }

  /** Clears the places of a mask whose value does not meet the comparison. */
  narrow(mask: Uint8Array, comparison: Comparison): void {
    const isMet = Uint8Array.from(this.#values, (value) =>
      value !== undefined && meets(value, comparison) ? 1 : 0,
    );
    for (let place = 0; place < mask.length; place++)
      mask[place] = (mask[place] as number) & (isMet[this.#codes[place] as number] as number);
  }
}

/** Metadata by key, for the keys of filters so far; updated with the vectors. */
export class Columns {
  readonly #columns = new Map<string, Column>();
  readonly #read: (key: string) => Iterable<readonly [place: number, value: MetadataValue]>;

  /** @param read - reads every value under a key with its place. */
  constructor(read: (key: string) => Iterable<readonly [place: number, value: MetadataValue]>) {
    this.#read = read;
  }

  set(place: number, metadata: Record<string, MetadataValue>): void {
    for (const [key, column] of this.#columns)
      column.set(place, Object.hasOwn(metadata, key) ? metadata[key] : undefined);
    this.#evict();
  }

  /** Removes a place; the last one moves there. */
  remove(place: number, last: number): void {
    for (const column of this.#columns.values()) {
      column.move(last, place);
      column.set(last, undefined);
    }
  }

  /** By place: 1 where the metadata meets the filter. */
  select(filter: Filter, size: number): Uint8Array {
    const mask = new Uint8Array(size).fill(1);
    for (const [key, condition] of Object.entries(filter)) {
      const comparison = typeof condition === 'object' ? condition : { eq: condition };
      const column = this.#columns.get(key) ?? this.#make(key);
      if (column) column.narrow(mask, comparison);
      else this.#narrow(mask, key, comparison);
    }
    this.#evict();
    return mask;
  }

  /** Undefined where the values take too much memory. */
  #make(key: string): Column | undefined {
    const column = new Column();
    for (const [place, value] of this.#read(key)) {
      column.set(place, value);
      if (column.bytes > mostBytes) return undefined;
    }
    this.#columns.set(key, column);
    return column;
  }

  /** As a column does, without keeping the values. */
  #narrow(mask: Uint8Array, key: string, comparison: Comparison): void {
    const isMet = new Uint8Array(mask.length);
    for (const [place, value] of this.#read(key)) isMet[place] = meets(value, comparison) ? 1 : 0;
    for (let place = 0; place < mask.length; place++)
      mask[place] = (mask[place] as number) & (isMet[place] as number);
  }

  /** Unused values accumulate in a column; once dropped, it is read again at its next use. */
  #evict(): void {
    let bytes = 0;
    for (const column of this.#columns.values()) bytes += column.bytes;
    for (const [key, column] of this.#columns) {
      if (bytes <= mostBytes) break;
      this.#columns.delete(key);
      bytes -= column.bytes;
    }
  }
}

/** Whether a metadata value is as a filter asks. A number is never above or below a string. */
export function meets(value: MetadataValue, { eq, in: values, gt, gte, lt, lte }: Comparison): boolean {
  return (
    (eq === undefined || value === eq) &&
    (values === undefined || values.includes(value)) &&
    (gt === undefined || (comparable(value, gt) && value > gt)) &&
    (gte === undefined || (comparable(value, gte) && value >= gte)) &&
    (lt === undefined || (comparable(value, lt) && value < lt)) &&
    (lte === undefined || (comparable(value, lte) && value <= lte))
  );
}

function comparable(value: MetadataValue, bound: string | number): boolean {
  return typeof value === typeof bound;
}
