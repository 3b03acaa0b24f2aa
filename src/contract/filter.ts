import { UnlabelError } from './errors.ts';
import { brandOf, isPlain } from './image-source.ts';
import { limits } from './limits.ts';
import type { Filter } from './vectors.ts';

/** Operators of a comparison, and what each takes. */
const operators = {
  eq: 'value',
  ne: 'value',
  in: 'values',
  nin: 'values',
  exists: 'boolean',
  gt: 'bound',
  gte: 'bound',
  lt: 'bound',
  lte: 'bound',
} as const;
const operatorNames = Object.keys(operators).join(', ');
const operands = {
  value: { expected: 'a string, a finite number or a boolean', accepts: isValue },
  values: {
    expected: `an array of at most ${limits.filterValues} strings, finite numbers and booleans`,
    accepts: (operand: unknown) =>
      Array.isArray(operand) && operand.length <= limits.filterValues && Array.from(operand).every(isValue),
  },
  boolean: { expected: 'true or false', accepts: (operand: unknown) => typeof operand === 'boolean' },
  bound: {
    expected: 'a string or a finite number',
    accepts: (operand: unknown) => isValue(operand) && typeof operand !== 'boolean',
  },
};

/** A metadata key. */
export const keyPattern = new RegExp(`^[A-Za-z][A-Za-z0-9_-]{0,${limits.nameLength - 1}}$`);

/** Whether a condition of a filter combines filters: an array under `and` or `or`, which may be metadata keys, too. */
export function combines(key: string, condition: Filter[string]): condition is Filter[] {
  return (key === 'and' || key === 'or') && Array.isArray(condition);
}

/**
 * Checks a filter, for every engine alike. A member that is `undefined` is refused: left out, as JSON leaves it out,
 * it would let more vectors match than was asked for.
 *
 * @throws UnlabelError `invalid_parameter` that names the member: `filter.or[1].year.gte`.
 */
export function checkFilter(filter: unknown): asserts filter is Filter {
  const keys = checkConditions(filter, 'filter', 1);
  if (keys > limits.filterKeys) throw refusal('filter', `at most ${limits.filterKeys} keys`, `${keys}`);
}

/** What {@link checkFilter} would throw. */
export function filterProblem(filter: unknown): UnlabelError | undefined {
  try {
    checkFilter(filter);
    return undefined;
  } catch (error) {
    return error as UnlabelError;
  }
}

/**
 * Checks a filter that says what to delete: one without conditions would delete everything.
 *
 * @throws UnlabelError `invalid_parameter`.
 */
export function checkDeletion(filter: unknown): asserts filter is Filter {
  checkFilter(filter);
  if (Object.keys(filter).length === 0)
    throw refusal('filter', 'a condition; `clear` empties a namespace', 'none');
}

/** @returns the number of keys, with those of the filters within. */
function checkConditions(filter: unknown, field: string, depth: number): number {
  if (depth > limits.filterDepth)
    throw refusal(field, `filters that nest ${limits.filterDepth} deep`, 'more');
  const conditions = membersOf(filter, field, 'an object of conditions by metadata key');
  // Before the filters within are looked at, of which there may be many.
  if (conditions.length > limits.filterKeys)
    throw refusal(field, `at most ${limits.filterKeys} keys`, `${conditions.length}`);
  let keys = 0;
  for (const [key, condition] of conditions) {
    if (!keyPattern.test(key))
      throw refusal(
        field,
        `keys of 1 to ${limits.nameLength} letters, digits, _ and - that begin with a letter`,
        'another key',
      );
    const member = `${field}.${key}`;
    if (combines(key, condition as Filter[string])) {
      const filters: unknown[] = Array.from(condition as unknown[]);
      if (filters.length === 0 || filters.length > limits.filterKeys)
        throw refusal(member, `1 to ${limits.filterKeys} filters`, `${filters.length}`);
      for (const [i, inner] of filters.entries()) {
        const of = `${member}[${i}]`;
        const within = checkConditions(inner, of, depth + 1);
        if (within === 0) throw refusal(of, 'a condition', 'none');
        keys += within;
      }
    } else {
      if (!isValue(condition)) checkComparison(condition, member);
      keys++;
    }
  }
  return keys;
}

function checkComparison(comparison: unknown, field: string): void {
  const members = membersOf(comparison, field, 'a string, a finite number, a boolean or a comparison');
  for (const [operator, operand] of members) {
    if (!Object.hasOwn(operators, operator)) throw refusal(field, operatorNames, operator.slice(0, 32));
    const { expected, accepts } = operands[operators[operator as keyof typeof operators]];
    if (!accepts(operand))
      throw refusal(
        `${field}.${operator}`,
        expected,
        Array.isArray(operand) ? 'another array' : brandOf(operand),
      );
  }
  const given = members.map(([operator]) => operator);
  if (given.length === 0) throw refusal(field, `one of ${operatorNames}`, 'none of them');
  for (const [one, other] of [
    ['gt', 'gte'],
    ['lt', 'lte'],
  ] as const)
    if (given.includes(one) && given.includes(other))
      throw refusal(field, `one of ${one} and ${other}`, 'both');
}

function membersOf(value: unknown, field: string, expected: string): [string, unknown][] {
  if (!isPlain(value)) throw refusal(field, expected, brandOf(value));
  return Object.entries(value);
}

function isValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function refusal(field: string, expected: string, got: string): UnlabelError {
  return new UnlabelError('invalid_parameter', `${field}: expected ${expected}, got ${got}`, { field });
}
