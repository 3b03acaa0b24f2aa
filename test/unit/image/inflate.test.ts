import { constants, deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { inflate } from '../../../src/image/png/inflate.ts';
import { pixels } from '../../parity/pixels.ts';

const noise = pixels(97, 61, 3).data;
// Long runs, short matches and rare bytes make codes of every length.
const mixed = Uint8Array.from({ length: 90_000 }, (_, i) =>
  i % 997 === 0 ? i % 256 : i % 5000 < 1500 ? 7 : Math.clz32(Math.imul(i, 0x9e3779b1)),
);
const { Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

test.each([noise, mixed, new Uint8Array(70_000), new Uint8Array([5]), new Uint8Array()])(
  'what zlib deflated comes back, whatever the level and strategy',
  (bytes) => {
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE]) {
        const made = inflate(deflateSync(bytes, { level, strategy }), bytes.length);
        expect(Buffer.compare(made, bytes)).toBe(0);
      }
    }
  },
);

test('a stream of another length than expected is refused', () => {
  for (const level of [0, 9]) {
    const stream = deflateSync(mixed, { level });
    expect(() => inflate(stream, mixed.length - 1)).toThrow('too long');
    expect(() => inflate(stream, mixed.length + 1)).toThrow('too short');
  }
});

test('a stream cut at any byte before its checksum is refused', () => {
  const bytes = mixed.subarray(0, 3000);
  for (const level of [0, 9]) {
    const stream = deflateSync(bytes, { level });
    for (let end = 0; end < stream.length - 4; end++) {
      expect(() => inflate(stream.subarray(0, end), bytes.length)).toThrow();
    }
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
  expect(() => inflate(stream, 100)).toThrow('too many blocks');
});

test('random bytes end in an error or in the expected length', () => {
  const stream = deflateSync(mixed.subarray(0, 3000));
  for (let round = 0; round < 2000; round++) {
    const mutant = stream.slice();
    mutant[2 + ((Math.imul(round, 0x9e3779b1) >>> 0) % (stream.length - 2))] = round;
    try {
      expect(inflate(mutant, 3000)).toHaveLength(3000);
    } catch (error) {
      expect((error as Error).constructor).toBe(Error);
    }
  }
});
