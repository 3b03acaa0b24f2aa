import { expect, test } from 'vitest';
import { decodeVarint, encodeVarint } from '../../../src/util/varint.ts';

test.each([
  [0, [0]],
  [127, [0x7f]],
  [128, [0x80, 0x01]],
  [624_485, [0xe5, 0x8e, 0x26]],
  [2 ** 32, [0x80, 0x80, 0x80, 0x80, 0x10]],
  [Number.MAX_SAFE_INTEGER, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
])('%i is encoded to LEB128 and back', (value, bytes) => {
  expect(encodeVarint(value)).toEqual(bytes);
  expect(decodeVarint(Uint8Array.of(9, ...bytes, 9), 1)).toEqual([value, 1 + bytes.length]);
});

test('a varint that is cut off throws RangeError', () => {
  expect(() => decodeVarint(Uint8Array.of(0x80, 0x80), 0)).toThrow(RangeError);
});
