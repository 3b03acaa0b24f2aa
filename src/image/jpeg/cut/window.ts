import type { Frame } from '../frame.ts';

/** The part of a picture that is cut out, in minimum coded units of its frame; `right` and `bottom` are outside. */
export interface Units {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The blocks of a component that are cut out, with all their coefficients as stored, in zigzag order. */
export class BlockWindow {
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
  readonly coefficients: Int16Array;

  constructor({ across, down }: Frame['components'][number], { left, top, right, bottom }: Units) {
    this.left = left * across;
    this.top = top * down;
    this.columns = (right - left) * across;
    this.rows = (bottom - top) * down;
    this.coefficients = new Int16Array(64 * this.columns * this.rows);
  }

  /** Where the coefficients of a block begin; -1 for one outside. */
  offset(column: number, row: number): number {
    const [x, y] = [column - this.left, row - this.top];
    const isInside = x >= 0 && y >= 0 && x < this.columns && y < this.rows;
    return isInside ? 64 * (y * this.columns + x) : -1;
  }

  /** Takes over the DC coefficients of a plane, which has no blocks beyond the picture. */
  copyDc(plane: { columns: number; rows: number; coefficients: Int16Array }): void {
    for (let row = this.top; row < Math.min(this.top + this.rows, plane.rows); row++)
      for (let column = this.left; column < Math.min(this.left + this.columns, plane.columns); column++)
        this.coefficients[this.offset(column, row)] = plane.coefficients[
          row * plane.columns + column
        ] as number;
  }
}
