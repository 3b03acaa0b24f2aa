/** What a table is read into, by place. */
export interface ByPlace<Row> {
  set(place: number, row: Row): void;
  /** Removes a place; the last one moves there. */
  remove(place: number, last: number): void;
}

/**
 * Reads a table into memory page by page, while it is written to: has the places below {@link next}, as the table has
 * them now.
 */
export class PartialRead<Row> {
  readonly #target: ByPlace<Row>;
  #next: number;

  /** @param next - the first place that the target lacks. */
  constructor(target: ByPlace<Row>, next = 0) {
    this.#target = target;
    this.#next = next;
  }

  /** The first place that is not read. */
  get next(): number {
    return this.#next;
  }

  /** Takes a row that was read, or written to; one beyond the next place is read later. */
  set(place: number, row: Row): void {
    if (place > this.#next) return;
    this.#target.set(place, row);
    if (place === this.#next) this.#next++;
  }

  /** Repeats the removal of a place, to which the last row of the table has moved. */
  remove(place: number, last: number): void {
    if (last < this.#next) {
      this.#target.remove(place, last);
      this.#next--;
    } else if (place < this.#next) {
      // The row that moved there has not been read: read on from there.
      this.#next = place;
    }
  }
}
