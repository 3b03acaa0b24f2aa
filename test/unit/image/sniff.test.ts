import { expect, test } from 'vitest';
import { sniff } from '../../../src/image/sniff.ts';

const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

test.each([
  ['jpeg', '\xff\xd8\xff\xe0'],
  ['png', '\x89PNG\r\n\x1a\n'],
  ['webp', 'RIFF\x10\0\0\0WEBPVP8 '],
])('%s is known by its first bytes', (type, start) => {
  expect(sniff(latin1(start))).toBe(type);
});

test.each([
  'GIF89a',
  '<svg xmlns="http://www.w3.org/2000/svg"/>',
  '<!doctype html>',
  '\0\0\0\x1cftypavif',
  'RIFF\x10\0\0\0WAVEfmt ',
  'BM',
  '\xff\xd8',
  ' \xff\xd8\xff',
])('%j is not supported', (start) => {
  expect(() => sniff(latin1(start))).toThrow(expect.objectContaining({ code: 'unsupported_media_type' }));
});

test('no bytes at all are an invalid image', () => {
  expect(() => sniff(new Uint8Array())).toThrow(expect.objectContaining({ code: 'invalid_image' }));
});
