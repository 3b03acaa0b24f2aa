import { expect, test } from 'vitest';
import { UnlabelError } from '../../../src/contract/errors.ts';
import { checkFilter } from '../../../src/contract/filter.ts';
import { limits } from '../../../src/contract/limits.ts';
import { filter as schema } from '../../../src/contract/schemas/vectors.ts';

const values = (count: number) => Array.from({ length: count }, (_, i) => i);
const keys = (count: number) => Object.fromEntries(values(count).map((i) => [`k${i}`, i]));

test.each<[unknown]>([
  [{}],
  [{ label: 'cat' }],
  [{ a: 1, b: true, c: '' }],
  [{ a: { eq: false } }],
  [{ a: { in: [] } }],
  [{ a: { in: ['b', 1, true] } }],
  [{ a: { in: values(limits.filterValues) } }],
  [{ a: { gt: 1, lte: 2 } }],
  [{ a: { gte: 'a', lt: 'b', eq: 'a', in: ['a'] } }],
  [keys(limits.filterKeys)],
  [{ [`a${'b'.repeat(limits.nameLength - 1)}`]: 1 }],
])('%j is a filter, to the service too', (filter) => {
  expect(() => checkFilter(filter)).not.toThrow();
  expect(schema.safeParse(filter).success).toBe(true);
});

test.each<[unknown, string]>([
  [null, 'filter'],
  [[], 'filter'],
  ['a', 'filter'],
  [{ a: null }, 'filter.a'],
  [{ a: [] }, 'filter.a'],
  [{ a: {} }, 'filter.a'],
  [{ a: { like: 'b' } }, 'filter.a'],
  [{ a: { eq: 1, like: 'b' } }, 'filter.a'],
  [{ a: { eq: null } }, 'filter.a.eq'],
  [{ a: { eq: {} } }, 'filter.a.eq'],
  [{ a: { in: 'b' } }, 'filter.a.in'],
  [{ a: { in: [null] } }, 'filter.a.in'],
  [{ a: { in: values(limits.filterValues + 1) } }, 'filter.a.in'],
  [{ a: { gt: true } }, 'filter.a.gt'],
  [{ a: { gt: 1, gte: 1 } }, 'filter.a'],
  [{ a: { lt: 1, lte: 1 } }, 'filter.a'],
  [{ '': 1 }, 'filter'],
  [{ '1a': 1 }, 'filter'],
  [{ 'a.b': 1 }, 'filter'],
  [JSON.parse('{"__proto__": 1}'), 'filter'],
  [{ [`a${'b'.repeat(limits.nameLength)}`]: 1 }, 'filter'],
  [keys(limits.filterKeys + 1), 'filter'],
])('%j is no filter, to the service neither', (filter, field) => {
  expect(failureOf(filter)).toMatchObject({ code: 'invalid_parameter', field });
  const asParsed = schema.safeParse(filter);
  // Zod leaves this key out; the service refuses it before.
  if (!Object.hasOwn(Object(filter), '__proto__')) expect(asParsed.success).toBe(false);
});

// JSON leaves these out or makes them null, so only a check before it can tell.
test.each<[string, unknown, string]>([
  ['an undefined condition', { owner: undefined }, 'filter.owner'],
  ['an undefined operand', { owner: { eq: undefined } }, 'filter.owner.eq'],
  ['an undefined operand beside another', { a: { gt: 1, lt: undefined } }, 'filter.a.lt'],
  ['an undefined list', { a: { in: undefined } }, 'filter.a.in'],
  ['an undefined value of a list', { a: { in: [undefined] } }, 'filter.a.in'],
  ['a hole in a list', { a: { in: new Array(1) } }, 'filter.a.in'],
  ['NaN', { a: Number.NaN }, 'filter.a'],
  ['infinity', { a: { lt: Number.POSITIVE_INFINITY } }, 'filter.a.lt'],
  ['a Map', new Map([['a', 1]]), 'filter'],
  ['a Date', { a: { gt: new Date() } }, 'filter.a.gt'],
  ['a function', { a: () => 1 }, 'filter.a'],
  ['a bigint', { a: 1n }, 'filter.a'],
])('%s is refused, not dropped', (_, filter, field) => {
  const error = failureOf(filter);
  expect(error).toMatchObject({ code: 'invalid_parameter', field });
  expect(error.message).toMatch(/^filter.*: expected .*, got /);
});

function failureOf(filter: unknown): UnlabelError {
  try {
    checkFilter(filter);
  } catch (error) {
    expect(error).toBeInstanceOf(UnlabelError);
    return error as UnlabelError;
  }
  return expect.fail('no error');
}
