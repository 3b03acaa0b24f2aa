import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openArray = 0x5b;
const backslash = 0x5c;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/**
 * Bounds what JSON costs to parse and to validate, before either: one pass over its bytes that allocates nothing. Text
 * that is not JSON may pass; `JSON.parse` rejects it.
 * @throws UnlabelError `invalid_parameter` that names the limit.
 */
export function checkJsonBounds(bytes: Uint8Array): void {
  let [depth, values, keys, stringStart] = [0, 0, 0, 0];
  /** Keys of the objects around the current byte, by depth. */
  const keysAt = new Uint32Array(limits.jsonDepth + 1);
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case quote:
        stringStart = at;
        at = endOfString(bytes, at);
        break;
      case openArray:
      case openObject:
        if (++depth > limits.jsonDepth) throw beyond(`be nested ${limits.jsonDepth} deep`);
        keysAt[depth] = 0;
        values++;
        break;
      case closeArray:
      case closeObject:
        depth--;
        break;
      case comma:
        values++;
        break;
      case colon:
        keys++;
        if (at - stringStart > limits.jsonKeyBytes) throw beyond(`have keys of ${limits.jsonKeyBytes} bytes`);
        if (countKey(keysAt, depth) > limits.jsonKeysOfObject)
          throw beyond(`have ${limits.jsonKeysOfObject} keys in one object`);
        break;
    }
    if (keys > limits.jsonKeys) throw beyond(`have ${limits.jsonKeys} keys`);
    if (values > limits.jsonValues)
      throw beyond(`have ${limits.jsonValues} values: send vectors as base64 of float32`);
  }
}

/** Counts one more key of the object at a depth. */
function countKey(keysAt: Uint32Array, depth: number): number {
  const count = (keysAt[depth] ?? 0) + 1;
  keysAt[depth] = count;
  return count;
}

/** Index of the closing quote; past the end where there is none. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let end = start; ; ) {
    end = bytes.indexOf(quote, end + 1);
    if (end < 0) return bytes.length;
    let slashes = 0;
    while (bytes[end - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
}

/**
 * Checks the parts of parsed JSON that a schema would report one by one, and stops at the first: a vector may have
 * thousands of elements of a wrong type. Also rejects the key `__proto__`, which zod drops without an error: a filter
 * without it would match more than was asked for.
 * @throws UnlabelError `invalid_parameter` that names the field.
 */
export function checkJsonValues(json: unknown): void {
  let values = 0;
  const visit = (value: unknown, field: string) => {
    if (++values > limits.jsonOtherValues)
      throw beyond(`have ${limits.jsonOtherValues} values outside of vectors`);
    if (typeof value !== 'object' || value === null) return;
    if (Object.hasOwn(value, '__proto__'))
      throw new UnlabelError('invalid_parameter', 'No key can be __proto__', { field: '__proto__' });
    const isArray = Array.isArray(value);
    for (const [key, member] of Object.entries(value)) {
      const path = isArray ? `${field}[${key}]` : field ? `${field}.${key}` : key;
      if (!isArray && key === 'vector' && Array.isArray(member)) checkNumbers(member, path);
      else visit(member, path);
    }
  };
  visit(json, '');
}

function checkNumbers(vector: readonly unknown[], field: string): void {
  if (vector.length > limits.dimensions || !vector.every((value) => typeof value === 'number'))
    throw new UnlabelError('invalid_parameter', `${field} must be 1 to ${limits.dimensions} numbers`, {
      field,
    });
}

function beyond(what: string): UnlabelError {
  return new UnlabelError('invalid_parameter', `The JSON may at most ${what}`);
}
