import { readFileSync } from 'node:fs';

/** Reads a file of `test/parity/fixtures`, which make-fixtures.py writes. */
export function readFixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../../test/parity/fixtures/${name}`, import.meta.url)));
}

/** The pictures that Pillow made, and how. */
export const fixtures = JSON.parse(new TextDecoder().decode(readFixture('fixtures.json'))) as {
  pillow: string;
  resize: {
    kind: 'whole' | 'box' | 'fit';
    seed: number;
    source: [width: number, height: number];
    target: [width: number, height: number];
    box: [left: number, top: number, right: number, bottom: number];
  }[];
  images: { name: string; width: number; height: number }[];
};

/** The largest difference between two pictures of the same size, in levels of 0 to 255. */
export function largestDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) throw new Error(`Expected ${a.length} bytes, got ${b.length}`);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] as number))), 0);
}
