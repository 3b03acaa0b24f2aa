import { expect, test } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../../src/util/base64.ts';
import { decodeFloat32, encodeFloat32 } from '../../../src/util/float32.ts';

test.each([0, 1, 2, 3, 255, 32_768, 32_769, 1_000_003])('%i bytes are encoded as Buffer does', (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => i * 31);
  const base64 = encodeBase64(bytes);
  expect(base64).toBe(Buffer.from(bytes).toString('base64'));
  expect(Buffer.from(decodeBase64(base64)).equals(bytes)).toBe(true);
});

test.each(['%', 'a', 'ab=c', 'a-_b', '====', '=', 'ab=', 'abc==', 'abcd=', 'abé=', 'ab\u0141c', 'aaaaa'])(
  '%j is not base64',
  (text) => {
    expect(() => atob(text)).toThrow(DOMException);
    expect(() => decodeBase64(text)).toThrow(DOMException);
  },
);

test.each(['', 'YQ', 'YQ==', 'YWI', 'YWI=', 'YR==', ' Y Q\n==\t', '/+/+', 'YWJj'])(
  '%j is read as atob reads it',
  (text) => {
    expect(decodeBase64(text)).toEqual(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
  },
);

test('a tensor of 150,528 numbers is encoded bit by bit', () => {
  const numbers = Float32Array.from({ length: 150_528 }, (_, i) => Math.sin(i));
  expect(decodeFloat32(encodeFloat32(numbers))).toEqual(numbers);
});

test('bytes short of a number are left out', () => {
  expect(decodeFloat32(encodeBase64(new Uint8Array([0, 0, 128, 63, 7])))).toEqual(Float32Array.of(1));
});
