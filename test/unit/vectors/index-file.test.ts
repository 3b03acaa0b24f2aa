import { expect, test } from 'vitest';
import { exactCosine, randomVector, seededRandom } from '../../../scripts/harness/inputs/random-vectors.ts';
import { encodeIndex, type IndexHeader, readIndex } from '../../../src/vectors/index-file.ts';
import { LoadedIndex } from '../../../src/vectors/loaded-index.ts';

const header = { model: { name: 'm', version: '1.2.3' }, dimensions: 5, rows: 'float32' as const };
const random = seededRandom(1);
const vectors = ['a', 'ü"\n', '日本'].map((id, i) => ({
  id,
  vector: randomVector(random, 5),
  metadata: { label: id, n: i },
}));
const file = encodeIndex(header, vectors);
const isRefused = expect.objectContaining({ code: 'invalid_request', field: 'index' });

test('a file gives back what it was made of, bit by bit, wherever it lies in memory', () => {
  for (const offset of [0, 1, 2, 3]) {
    const moved = new Uint8Array(file.length + offset).subarray(offset);
    moved.set(file);
    const index = readIndex(moved);
    expect(index).toMatchObject({ ...header, count: 3 });
    expect(index.entries).toEqual(vectors.map(({ id, metadata }) => [id, metadata]));
    for (const [place, { vector }] of vectors.entries()) expect(index.vector(place)).toEqual(vector);
  }
});

test('int8 rows keep a direction to a quarter of a degree, in a quarter of the size', () => {
  const many = Array.from({ length: 200 }, (_, i) => ({
    id: `${i}`,
    vector: randomVector(random, 128),
    metadata: {},
  }));
  const int8 = encodeIndex({ ...header, dimensions: 128, rows: 'int8' }, many);
  const float32 = encodeIndex({ ...header, dimensions: 128 }, many);
  expect(int8.length).toBeLessThan(float32.length / 3.5);
  const index = readIndex(int8);
  for (const [place, { vector }] of many.entries()) {
    expect(exactCosine(index.vector(place), vector)).toBeGreaterThan(Math.cos(Math.PI / 720) - 1e-4);
    expect(exactCosine(index.vector(place), vector)).toBeLessThan(1);
  }
  const [first] = new LoadedIndex(int8).search(
    { model: header.model, vector: many[7]?.vector as Float32Array },
    { topK: 1 },
  );
  expect(first?.id).toBe('7');
});

test('an index without vectors can be searched too', () => {
  const index = new LoadedIndex(encodeIndex(header, []));
  expect(index.size).toBe(0);
  expect(index.search({ model: header.model, vector: Float32Array.of(1, 0, 0, 0, 0) }, { topK: 3 })).toEqual(
    [],
  );
});

test('a file cut anywhere is refused', () => {
  for (let length = 0; length < file.length; length++)
    expect(() => readIndex(file.slice(0, length)), `${length} bytes`).toThrow(isRefused);
});

test('a file with any byte changed is refused, or still has the shape that it says', () => {
  for (let at = 0; at < file.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const changed = file.slice();
      changed[at] = (changed[at] as number) ^ flip;
      let index: ReturnType<typeof readIndex>;
      try {
        index = readIndex(changed);
      } catch (error) {
        expect(error).toEqual(isRefused);
        continue;
      }
      expect(index.entries).toHaveLength(index.count);
      for (let place = 0; place < index.count; place++)
        expect(index.vector(place)).toHaveLength(index.dimensions);
    }
  }
});

test.each<[string, Partial<Record<keyof IndexHeader, unknown>>]>([
  ['more vectors than it has', { count: 4 }],
  ['a billion vectors', { count: 1e9 }],
  ['fewer vectors', { count: 2 }],
  ['no dimensions', { dimensions: 0 }],
  ['half a dimension', { dimensions: 2.5 }],
  ['negative numbers', { count: -1 }],
  ['another form of rows', { rows: 'float16' }],
  ['no model', { model: null }],
  ['a model without a version', { model: { name: 'm' } }],
])('a header that claims %s is refused', (_, claim) => {
  const json = JSON.stringify({ ...header, count: 3, ...claim });
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 4) * 4));
  const length = new DataView(file.buffer).getUint32(8, true);
  const forged = Buffer.concat([file.subarray(0, 12), text, file.subarray(12 + length)]);
  forged.writeUInt32LE(text.length, 8);
  expect(() => readIndex(forged)).toThrow(isRefused);
});

test.each([
  ['all zeros', 0],
  ['not a number', Number.NaN],
  ['infinite', Number.POSITIVE_INFINITY],
])('a row that is %s is refused', (_, value) => {
  const spoilt = encodeIndex(header, [{ id: 'a', vector: new Float32Array(5).fill(value), metadata: {} }]);
  expect(() => readIndex(spoilt)).toThrow(isRefused);
});

test('something else altogether is refused', () => {
  for (const text of ['', '<!doctype html>', 'unlabel1', 'unlabel1\xff\xff\xff\xff', '{"model":null}'])
    expect(() => readIndex(Buffer.from(text, 'latin1'))).toThrow(isRefused);
});
