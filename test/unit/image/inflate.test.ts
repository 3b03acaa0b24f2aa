import { constants, deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Inflater } from '../../../src/image/png/inflate.ts';
import { pixels } from '../../parity/pixels.ts';

const noise = pixels(97, 61, 3).data;
// Long runs, short matches and rare bytes make codes of every length.
const mixed = Uint8Array.from({ length: 90_000 }, (_, i) =>
  i % 997 === 0 ? i % 256 : i % 5000 < 1500 ? 7 : Math.clz32(Math.imul(i, 0x9e3779b1)),
);
const { Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

/** Inflates in pieces of some bytes, out of parts of some bytes. */
function inflate(stream: Uint8Array, length: number, piece = length, part = stream.length): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += part) parts.push(stream.subarray(at, at + part));
  const inflater = new Inflater(parts, length);
  const made = new Uint8Array(length);
  for (let at = 0; at < length; at += piece) made.set(inflater.read(Math.min(piece, length - at)), at);
  return made;
}

test.each([noise, mixed, new Uint8Array(70_000), new Uint8Array([5]), new Uint8Array()])(
  'what zlib deflated comes back, whatever the level, the strategy and the pieces',
  (bytes) => {
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE]) {
        const stream = deflateSync(bytes, { level, strategy });
        expect(Buffer.compare(inflate(stream, bytes.length), bytes)).toBe(0);
        expect(Buffer.compare(inflate(stream, bytes.length, 977, 1021), bytes)).toBe(0);
      }
    }
    expect(Buffer.compare(inflate(deflateSync(bytes), bytes.length, 13, 1), bytes)).toBe(0);
  },
);

test('copies reach back over all of the window, long after it was moved', () => {
  const block = pixels(104, 105, 9).data.subarray(0, 32_000);
  const bytes = Buffer.concat(Array(20).fill(block));
  const stream = deflateSync(bytes, { level: 9 });
  expect(stream.length).toBeLessThan(2 * block.length);
  for (const piece of [1_000, 32_769, 100_000])
    expect(Buffer.compare(inflate(stream, bytes.length, piece), bytes)).toBe(0);
});

test('no more is inflated than is asked for, and what follows does not matter', () => {
  for (const level of [0, 9]) {
    const stream = deflateSync(mixed, { level });
    expect(Buffer.compare(inflate(stream, 50_000), mixed.subarray(0, 50_000))).toBe(0);
    stream.fill(0xff, stream.length - 4);
    expect(Buffer.compare(inflate(stream, mixed.length), mixed)).toBe(0);
    expect(() => inflate(stream, mixed.length + 1)).toThrow('too short');
  }
});

test('a bomb costs the memory of what is asked for', () => {
  const inflater = new Inflater([deflateSync(new Uint8Array(100_000_000))], 25);
  expect(inflater.read(25).buffer.byteLength).toBeLessThan(40_000);
  const large = new Inflater([deflateSync(new Uint8Array(10_000_000))], 10_000_000);
  for (let at = 0; at < 10_000_000; at += 1_000)
    expect(large.read(1_000).buffer.byteLength).toBeLessThan(100_000);
});

test('a stream cut at any byte before its checksum is refused', () => {
  const bytes = mixed.subarray(0, 3000);
  for (const level of [0, 9]) {
    const stream = deflateSync(bytes, { level });
    let refused = 0;
    for (let end = 0; end < stream.length - 4; end++) {
      try {
        // Only the code for the end of the block may be missing.
        expect(Buffer.compare(inflate(stream.subarray(0, end), bytes.length), bytes)).toBe(0);
      } catch {
        refused++;
      }
    }
    expect(refused).toBeGreaterThanOrEqual(stream.length - 4 - 2);
  }
});

test.each([
  ['another method', [0x79, 0x9c]],
  ['a preset dictionary', [0x78, 0xbb]],
  ['an unknown block', [0x78, 0x9c, 0x07]],
  ['a stored block whose lengths disagree', [0x78, 0x9c, 0x01, 1, 0, 1, 0, 9]],
  ['a copy from before the start', [0x78, 0x9c, 0x03, 0x02, 0x00]],
])('%s is refused', (_, stream) => {
  expect(() => inflate(new Uint8Array(stream), 9)).toThrow();
});

test('blocks without content are refused before they cost seconds', () => {
  // One empty block of 92 bits after another, each with a code of its own.
  const lengths = Array.from({ length: 18 }, (_, i) =>
    i === 2 ? '100' : i === 3 || i === 17 ? '010' : '000',
  );
  const block = `001${'0'.repeat(10)}0111${lengths.join('')}011111110110101111100`;
  const bits = block.repeat(8 * 5000);
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt([...byte].reverse().join(''), 2));
  const stream = new Uint8Array([0x78, 0x9c, ...bytes]);
  for (const length of [100, 100_000_000]) expect(() => inflate(stream, length)).toThrow('too many blocks');
});

test('random bytes end in an error or in the expected length', () => {
  const stream = deflateSync(mixed.subarray(0, 3000));
  for (let round = 0; round < 2000; round++) {
    const mutant = stream.slice();
    mutant[2 + ((Math.imul(round, 0x9e3779b1) >>> 0) % (stream.length - 2))] = round;
    try {
      expect(inflate(mutant, 3000, 100)).toHaveLength(3000);
    } catch (error) {
      expect((error as Error).constructor).toBe(Error);
    }
  }
});
