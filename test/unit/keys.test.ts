import { describe, expect, test } from 'vitest';
import { isKeyValue, parseKeys } from '../../src/server/keys.ts';

const digest = 'ab'.repeat(32);
const parse = (rest: string) => parseKeys(`${digest}${rest}`)[0];

test('an entry says what its key may do', () => {
  expect(parse('')).toEqual({
    digest,
    id: 'abababababab',
    scopes: ['read', 'write'],
    namespaces: undefined,
    vectors: undefined,
    origins: undefined,
  });
  const origins = 'https://shop.example+http://localhost:5173+http://[::1]:8787';
  expect(parse(`:write;namespaces=a+b_2;vectors=1000;origins=${origins}`)).toMatchObject({
    scopes: ['write'],
    namespaces: ['a', 'b_2'],
    vectors: 1000,
    origins: origins.split('+'),
  });
});

describe('an entry with anything wrong in it allows nothing', () => {
  test.each([
    // Empty, where a variable was not set.
    ':',
    ';',
    ';origins=',
    ';namespaces=',
    ';vectors=',
    ';namespaces=a;vectors=',
    ';namespaces=a;origins=',
    ':read;',
    ';;origins=https://a.example',
    // Empty or repeated items.
    ':read+',
    ':+read',
    ':read+read',
    ';namespaces=a+',
    ';namespaces=a++b',
    ';namespaces=a+a',
    ';origins=https://a.example+',
    ';origins=+https://a.example',
    // Other separators.
    ':read,write',
    ';namespaces=a,b',
    ';origins=https://a.example,https://b.example',
    // Without a value, twice, or unknown.
    ';origins',
    ';namespaces',
    ';namespaces=a;namespaces=b',
    ';origins=https://a.example;origins=https://b.example',
    ':read:write',
    ':read+admin',
    ';scopes=read',
    ';until=2020',
    ';__proto__=a',
    ';Origins=https://a.example',
    // What no browser sends as an origin, or everybody may.
    ';origins=null',
    ';origins=*',
    ';origins=https://*.example',
    ';origins=https://a.example/',
    ';origins=https://A.example',
    ';origins=https://a.example:443',
    ';origins=https://user@a.example',
    ';origins=file://',
    // Names and numbers.
    ';namespaces=*',
    ';namespaces=-a',
    `;namespaces=${'a'.repeat(33)}`,
    ';vectors=5',
    ';namespaces=a;vectors=0',
    ';namespaces=a;vectors=1+2',
  ])('%s', (rest) => {
    expect(parse(rest)?.scopes).toEqual([]);
  });

  test('a digest that is none, or is there twice', () => {
    for (const text of ['', ':read', ';origins=', digest.slice(1), `${digest}0`, 'g'.repeat(64)])
      for (const { scopes } of parseKeys(text)) expect(scopes, text).toEqual([]);
    const both = parseKeys(`${digest};namespaces=a ${digest.toUpperCase()} ${'0'.repeat(64)}`);
    expect(both.map(({ scopes }) => scopes.length)).toEqual([0, 0, 2]);
  });
});

test.each(['scopes', 'namespaces', 'vectors', 'origins', 'others'])(
  '%s takes nothing that is empty, blank or would end its entry',
  (member) => {
    for (const value of ['', ' ', '\t', '+', ',', ';', 'a;b', 'a b', 'a\nb', 'undefined ', '""'])
      expect(isKeyValue(member, value), JSON.stringify(value)).toBe(false);
  },
);
