import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';

const quote = 0x22;
const backslash = 0x5c;

/** What a byte outside of strings is. */
const [part, space, start, open, close, comma, colon] = [0, 1, 2, 3, 4, 5, 6] as const;
const kinds = new Uint8Array(256);
for (const [characters, kind] of [
  ['\t\n\r ', space],
  ['"', start],
  ['[{', open],
  [']}', close],
  [',', comma],
  [':', colon],
] as const)
  for (const character of characters) kinds[character.charCodeAt(0)] = kind;

/**
 * Bounds what JSON costs to parse and to validate, before either: one pass over its bytes that allocates nothing. Text
 * that is not JSON may pass; `JSON.parse` rejects it.
 * @throws UnlabelError `invalid_parameter` that names the limit.
 */
export function checkJsonBounds(bytes: Uint8Array): void {
  let [depth, values, keys, stringStart, tokenStart] = [0, 0, 0, 0, 0];
  /** Keys of the objects around the current byte, by depth. */
  const keysAt = new Uint32Array(limits.jsonDepth + 1);
  for (let at = 0; at < bytes.length; at++) {
    const kind = kinds[bytes[at] as number];
    if (kind === part) continue;
    if (at - tokenStart > limits.jsonTokenBytes) throw longToken();
    if (kind === start) {
      stringStart = at;
      at = endOfString(bytes, at);
    } else if (kind === open) {
      if (++depth > limits.jsonDepth) throw beyond(`be nested ${limits.jsonDepth} deep`);
      keysAt[depth] = 0;
      values++;
    } else if (kind === close) {
      depth--;
    } else if (kind === comma) {
      values++;
    } else if (kind === colon) {
      keys++;
      if (at - stringStart > limits.jsonKeyBytes) throw beyond(`have keys of ${limits.jsonKeyBytes} bytes`);
      if (countKey(keysAt, depth) > limits.jsonKeysOfObject)
        throw beyond(`have ${limits.jsonKeysOfObject} keys in one object`);
    }
    tokenStart = at + 1;
    if (keys > limits.jsonKeys) throw beyond(`have ${limits.jsonKeys} keys`);
    if (values > limits.jsonValues)
      throw beyond(`have ${limits.jsonValues} values: send vectors as base64 of float32`);
  }
  if (bytes.length - tokenStart > limits.jsonTokenBytes) throw longToken();
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

function longToken(): UnlabelError {
  return beyond(`have numbers of ${limits.jsonTokenBytes} characters`);
}

function beyond(what: string): UnlabelError {
  return new UnlabelError('invalid_parameter', `The JSON may at most ${what}`);
}
