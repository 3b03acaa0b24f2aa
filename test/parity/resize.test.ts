import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { fixtures, largestDifference, readFixture } from '../../scripts/harness/inputs/parity-fixtures.ts';
import { fitPixels } from '../../src/image/fit/fit.ts';
import { resize } from '../../src/image/fit/resize.ts';
import { finish } from '../../src/image/fit/steps.ts';
import { pixels } from './pixels.ts';

const inOrder = readFixture('resize.bin');
// One call of Pillow 13 minus the same two passes in the order that all earlier versions have.
const deltas = new Int8Array(gunzipSync(readFixture('resize-one-call.bin.gz')));
let offset = 0;
const cases = fixtures.resize.map((fixture) => {
  const start = offset;
  offset += fixture.target[0] * fixture.target[1] * 3;
  const expected = inOrder.subarray(start, offset);
  return { ...fixture, expected, oneCall: expected.map((value, i) => value + (deltas[start + i] as number)) };
});

test.each(cases)('$kind of $source to $target (seed $seed) gives the bytes of Pillow', (fixture) => {
  const [width, height] = fixture.target;
  const source = pixels(...fixture.source, fixture.seed);
  const [left, top, right, bottom] = fixture.box;
  const made =
    fixture.kind === 'fit'
      ? fitPixels(opaque(source), { width, height })
      : finish(resize(source, { width, height }, { left, top, right, bottom }));
  expect(largestDifference(made, fixture.expected)).toBe(0);
  expect(largestDifference(made, fixture.oneCall)).toBeLessThanOrEqual(1);
});

test('a resize to the same size gives the same pixels', () => {
  const source = pixels(33, 21, 5);
  expect(largestDifference(finish(resize(source, source)), source.data)).toBe(0);
  // A box short of all, by less than a pixel, goes through the kernels: they must agree.
  const nearly = finish(resize(source, source, { left: 0, top: 0, right: 33, bottom: 21 - 1e-6 }));
  expect(largestDifference(nearly, source.data)).toBe(0);
});

function opaque({ width, height, data }: { width: number; height: number; data: Uint8Array }) {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.subarray(i * 3, i * 3 + 3), i * 4);
  return { width, height, data: rgba };
}
