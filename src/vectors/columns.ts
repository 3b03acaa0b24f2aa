import type { Comparison, Filter, MetadataValue } from '../contract/vectors.ts';

/** Columns kept at a time; the one that was made first gives way. */
const mostColumns = 8;

/** The metadata of all places under one key: a number for each distinct value, so that a filter tests a value once. */
class Column {
  /** By place: index into {@link #values}, or 0 for none. */
  #codes = new Uint32Array(64);
  readonly #values: (MetadataValue | undefined)[] = [undefined];
  readonly #codeOf = new Map<MetadataValue, number>();

  /** Distinct values that it has seen. */
  get distinct(): number {
    return this.#codeOf.size;
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
    }
    this.#codes[place] = code;
  }

  move(from: number, to: number): void {
    this.#codes[to] = this.#codes[from] as number;
  }

  /** Takes the places out of a mask whose value does not meet the comparison. */
  narrow(mask: Uint8Array, comparison: Comparison): void {
    const isMet = Uint8Array.from(this.#values, (value) =>
      value !== undefined && meets(value, comparison) ? 1 : 0,
    );
    for (let place = 0; place < mask.length; place++)
      mask[place] = (mask[place] as number) & (isMet[this.#codes[place] as number] as number);
  }
}

/** Metadata by key, for those keys that a filter has asked for; kept in step with the vectors. */
export class Columns {
  readonly #columns = new Map<string, Column>();
  readonly #read: (key: string) => Iterable<readonly [place: number, value: MetadataValue]>;

  /** @param read - gives every value under a key with its place; called when a filter first asks for the key. */
  constructor(read: (key: string) => Iterable<readonly [place: number, value: MetadataValue]>) {
    this.#read = read;
  }

  set(place: number, metadata: Record<string, MetadataValue>): void {
    for (const [key, column] of this.#columns) {
      column.set(place, Object.hasOwn(metadata, key) ? metadata[key] : undefined);
      // Values that no vector has any more have piled up: it is made anew when next asked for.
      if (column.distinct > 2 * (place + 1) + 10_000) this.#columns.delete(key);
    }
  }

  /** Takes the values out of a place; those of the last one move there. */
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
      this.#column(key).narrow(mask, comparison);
    }
    return mask;
  }

  #column(key: string): Column {
    let column = this.#columns.get(key);
    if (!column) {
      column = new Column();
      for (const [place, value] of this.#read(key)) column.set(place, value);
      this.#columns.set(key, column);
      const [first] = this.#columns.keys();
      if (this.#columns.size > mostColumns && first !== undefined) this.#columns.delete(first);
    }
    return column;
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
