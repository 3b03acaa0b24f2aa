import { expect, test } from 'vitest';
import { limits } from '../../../src/contract/limits.ts';
import { parseJson } from '../../../src/server/request/json.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const refusal = expect.objectContaining({ code: 'invalid_parameter' });

test.each([
  '{"a":"é"}',
  '"日本 𝔘 \ud800 \ufeff"',
  '["", "\\u0000\\ud800", 1.5e308, null, true]',
  '\ufeff{"a":1}',
  '{"é":"\u0080\uffff"}',
])('small or large, %s is read as JSON.parse reads it', (text) => {
  const expected = JSON.parse(new TextDecoder().decode(bytes(text)));
  expect(parseJson(bytes(text))).toEqual(expected);
  const [start, mark] = text.startsWith('\ufeff') ? [text.slice(1), '\ufeff'] : [text, ''];
  const long = 'A'.repeat(limits.jsonTextBytes);
  expect(parseJson(bytes(`${mark}["${long}",${start},"${long}"]`))).toEqual([long, expected, long]);
});

test('bytes that are not UTF-8 become the replacement character, small or large', () => {
  const bad = (text: string) => {
    const all = bytes(text);
    for (const [at, byte] of all.entries()) if (byte === 0x23) all[at] = 0xc3;
    return all;
  };
  expect(parseJson(bad('"a#b##"'))).toBe('a\ufffdb\ufffd\ufffd');
  const long = 'A'.repeat(limits.jsonTextBytes);
  expect(parseJson(bad(`["a#b##","${long}"]`))).toEqual(['a\ufffdb\ufffd\ufffd', long]);
});

test.each([
  ['depth', `${'['.repeat(limits.jsonDepth + 1)}`],
  ['values', `[${'0,'.repeat(limits.jsonValues)}0]`],
  ['keys', `[${'{"a":1},'.repeat(limits.jsonKeys)}{"a":1}]`],
  [
    'keys of one object',
    `{${Array.from({ length: limits.jsonKeysOfObject + 1 }, (_, i) => `"${i}":0`).join()}}`,
  ],
  ['a long key', `{"${'a'.repeat(limits.jsonKeyBytes)}":1}`],
  ['a long key after spaces', `{"${'a'.repeat(limits.jsonKeyBytes - 9)}"          :1}`],
  ['a long number', `[${'1'.repeat(limits.jsonTokenBytes + 1)}]`],
  ['a long number at the end', '1'.repeat(limits.jsonTokenBytes + 1)],
  ['letters', `"${'é'.repeat(limits.jsonTextBytes)}"`],
  ['values outside of vectors', `[${'0,'.repeat(limits.jsonOtherValues)}0]`],
  ['words in a vector', '{"vector":[1,"1"]}'],
  ['a long vector', `{"vector":[${'0,'.repeat(limits.dimensions)}0]}`],
  ['__proto__', '{"a":{"__proto__":1}}'],
])('%s beyond its limit is refused', (_, text) => {
  expect(() => parseJson(bytes(text))).toThrow(refusal);
});

test.each([
  ['depth', `${'['.repeat(limits.jsonDepth)}${']'.repeat(limits.jsonDepth)}`],
  ['keys of one object', `{${Array.from({ length: limits.jsonKeysOfObject }, (_, i) => `"${i}":0`).join()}}`],
  ['a vector', `{"vector":[${'0.1234567890123456789,'.repeat(limits.dimensions - 1)}0]}`],
  ['brackets, quotes and colons in strings', `["[[[[[[[[[[[[{{{{{{:::,,,\\"\\\\", "\\\\"]`],
  ['objects one after another', `[${'{"a":{"b":1}},'.repeat(1_000)}{}]`],
])('%s at its limit is read', (_, text) => {
  expect(parseJson(bytes(text))).toEqual(JSON.parse(text));
});
