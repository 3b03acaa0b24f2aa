import { UnlabelError } from './errors.ts';
import { brandOf, isPlain } from './image-source.ts';
import { limits } from './limits.ts';
import type { Filter } from './vectors.ts';

const operators = ['eq', 'in', 'gt', 'gte', 'lt', 'lte'];
/** A metadata key. */
export const keyPattern = new RegExp(`^[A-Za-z][A-Za-z0-9_-]{0,${limits.nameLength - 1}}$`);

/**
 * Checks a filter, for every engine alike. A member that is `undefined` is refused: left out, as JSON leaves it out,
 * it would let more vectors match than was asked for.
 *
 * @throws UnlabelError `invalid_parameter` that names the member: `filter.year.gte`.
 */
export function checkFilter(filter: unknown): asserts filter is Filter {
  const conditions = membersOf(filter, 'filter', 'an object of conditions by metadata key');
  if (conditions.length > limits.filterKeys)
    throw refusal('filter', `at most ${limits.filterKeys} keys`, `${conditions.length}`);
  for (const [key, condition] of conditions) {
    if (!keyPattern.test(key))
      throw refusal(
        'filter',
        `keys of 1 to ${limits.nameLength} letters, digits, _ and - that begin with a letter`,
        'another key',
      );
    const field = `filter.${key}`;
    if (!isValue(condition)) checkComparison(condition, field);
  }
}

function checkComparison(comparison: unknown, field: string): void {
  const members = membersOf(comparison, field, 'a string, a finite number, a boolean or a comparison');
  for (const [operator, operand] of members) {
    const member = `${field}.${operator}`;
    if (!operators.includes(operator)) throw refusal(field, operators.join(', '), operator.slice(0, 32));
    if (operator === 'in') {
      if (
        !Array.isArray(operand) ||
        operand.length > limits.filterValues ||
        !Array.from(operand).every(isValue)
      )
        throw refusal(
          member,
          `an array of at most ${limits.filterValues} strings, finite numbers and booleans`,
          Array.isArray(operand) ? 'another array' : brandOf(operand),
        );
    } else if (!isValue(operand) || (operator !== 'eq' && typeof operand === 'boolean')) {
      throw refusal(
        member,
        `a string or a finite number${operator === 'eq' ? ', or a boolean' : ''}`,
        brandOf(operand),
      );
    }
  }
  const given = members.map(([operator]) => operator);
  if (given.length === 0) throw refusal(field, `one of ${operators.join(', ')}`, 'none of them');
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
