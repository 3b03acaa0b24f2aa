import type { Comparison, Metadata, MetadataValue } from '../../contract/vectors.ts';

/** Bytes of a distinct value beside its characters, in the list and in the map. */
const valueBytes = 64;

/** What places have under one metadata key. */
export interface Column {
  /** Bytes in use, by estimate. */
  readonly bytes: number;
  set(place: number, metadata: Metadata): void;
  /** Removes a place; the last one moves there. */
  remove(place: number, last: number): void;
  /** Clears the places of a mask whose value does not meet the comparison. */
  narrow(mask: Uint8Array, comparison: Comparison): void;
}

/** Values under a key, as codes of the distinct ones: a filter tests each value once. */
export class ValueColumn implements Column {
  readonly #key: string;
  /** By place: index into {@link #values}; 0 for none. */
  #codes: Uint32Array = new Uint32Array(64);
  readonly #values: (MetadataValue | undefined)[] = [undefined];
  readonly #codeOf = new Map<MetadataValue, number>();
  #textBytes = 0;

  constructor(key: string) {
    this.#key = key;
  }

  get bytes(): number {
    return this.#codes.byteLength + valueBytes * this.#codeOf.size + this.#textBytes;
  }

  set(place: number, metadata: Metadata): void {
    this.#codes = withRoom(this.#codes, place, (length) => new Uint32Array(length));
    const value = valueUnder(metadata, this.#key);
    let code = value === undefined ? 0 : this.#codeOf.get(value);
    if (code === undefined) {
      code = this.#values.push(value) - 1;
      this.#codeOf.set(value as MetadataValue, code);
      if (typeof value === 'string') this.#textBytes += 2 * value.length;
    }
    this.#codes[place] = code;
  }

  remove(place: number, last: number): void {
    this.#codes[place] = this.#codes[last] as number;
    this.#codes[last] = 0;
  }

  narrow(mask: Uint8Array, comparison: Comparison): void {
    const test = tester(comparison);
    const isMet = Uint8Array.from(this.#values, (value) => (test(value) ? 1 : 0));
    for (let place = 0; place < mask.length; place++)
      mask[place] = (mask[place] as number) & (isMet[this.#codes[place] as number] as number);
  }
}

/** Whether values under a key meet one comparison: a byte a place, for values that take too much memory. */
export class TestColumn implements Column {
  readonly #key: string;
  readonly #test: Test;
  #isMet: Uint8Array;

  /**
   * @param values - what is known so far.
   * @param size - places that they are known of.
   */
  constructor(key: string, comparison: Comparison, values: ValueColumn, size: number) {
    this.#key = key;
    this.#test = tester(comparison);
    this.#isMet = new Uint8Array(size).fill(1);
    values.narrow(this.#isMet, comparison);
  }

  get bytes(): number {
    return this.#isMet.byteLength;
  }

  set(place: number, metadata: Metadata): void {
    this.#isMet = withRoom(this.#isMet, place, (length) => new Uint8Array(length));
    this.#isMet[place] = this.#test(valueUnder(metadata, this.#key)) ? 1 : 0;
  }

  remove(place: number, last: number): void {
    this.#isMet[place] = this.#isMet[last] as number;
    this.#isMet[last] = 0;
  }

  narrow(mask: Uint8Array): void {
    for (let place = 0; place < mask.length; place++)
      mask[place] = (mask[place] as number) & (this.#isMet[place] as number);
  }
}

/** Tells of a value, or of none. */
type Test = (value: MetadataValue | undefined) => boolean;

/** Whether a metadata value is as a filter asks. A number is never above or below a string. */
export function meets(value: MetadataValue | undefined, comparison: Comparison): boolean {
  return tester(comparison)(value);
}

function tester({ eq, ne, in: list, nin: others, exists, gt, gte, lt, lte }: Comparison): Test {
  const values = list && new Set<MetadataValue | undefined>(list);
  const refused = others && new Set<MetadataValue | undefined>(others);
  return (value) =>
    (eq === undefined || value === eq) &&
    (ne === undefined || value !== ne) &&
    (values === undefined || values.has(value)) &&
    !refused?.has(value) &&
    (exists === undefined || (value !== undefined) === exists) &&
    (gt === undefined || (comparable(value, gt) && value > gt)) &&
    (gte === undefined || (comparable(value, gte) && value >= gte)) &&
    (lt === undefined || (comparable(value, lt) && value < lt)) &&
    (lte === undefined || (comparable(value, lte) && value <= lte));
}

function comparable(
  value: MetadataValue | undefined,
  bound: string | number,
): value is Exclude<MetadataValue, boolean> {
  return typeof value === typeof bound;
}

function valueUnder(metadata: Metadata, key: string): MetadataValue | undefined {
  return Object.hasOwn(metadata, key) ? metadata[key] : undefined;
}

/** The array, or a longer copy where it has no such place. */
function withRoom<List extends Uint8Array | Uint32Array>(
  list: List,
  place: number,
  create: (length: number) => List,
): List {
  if (place < list.length) return list;
  const longer = create(Math.max(place + 1, Math.ceil(1.25 * list.length)));
  longer.set(list);
  return longer;
}
