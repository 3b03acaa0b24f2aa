import { UnlabelError } from '../errors.ts';
import { keyPattern } from '../filter.ts';
import { brandOf, isPlain } from '../image-source.ts';
import { limits } from '../limits.ts';
import type { MetadataPatch } from '../resources/vectors.ts';
import type { Metadata } from '../vectors.ts';

/** Names, ids and metadata as every engine takes them; the schemas of the service are made of the same rules. */

export const nameRule = `1 to ${limits.nameLength} letters, digits, _ and -, and begin with a letter or digit`;
export const textRule = `1 to ${limits.vectorIdBytes} bytes of UTF-8 without control characters, and not . or ..`;
export const namePattern = new RegExp(`^[A-Za-z0-9][A-Za-z0-9_-]{0,${limits.nameLength - 1}}$`);

/** The name of a namespace or of a set of classes. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && namePattern.test(value);
}

/** An id or a label: UTF-8 that a URL can carry; `.` and `..` would be taken for folders. */
export function isText(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    utf8Length(value) <= limits.vectorIdBytes &&
    value.isWellFormed() &&
    !/^\.\.?$|\p{Cc}/u.test(value)
  );
}

export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** @throws UnlabelError `invalid_parameter`. */
export function checkName(value: unknown, field: string): asserts value is string {
  if (!isName(value)) throw refusal(field, `${field} must be ${nameRule}`);
}

/** @throws UnlabelError `invalid_parameter`. */
export function checkText(value: unknown, field: string): asserts value is string {
  if (!isText(value)) throw refusal(field, `${field} must be ${textRule}`);
}

/** @throws UnlabelError `invalid_parameter`. */
export function checkMetadata(value: unknown, field: string): void {
  if (!isPlain(value)) throw refusal(field, `${field} must be an object, got ${brandOf(value)}`);
  const members = Object.entries(value);
  if (members.length > limits.metadataKeys)
    throw refusal(field, `${field} must have at most ${limits.metadataKeys} keys`);
  for (const [key, member] of members) {
    const isValue = typeof member === 'string' || typeof member === 'boolean' || Number.isFinite(member);
    if (!keyPattern.test(key) || !isValue)
      throw refusal(
        field,
        `${field} must have keys of letters, digits, _ and -, and strings, finite numbers and booleans`,
      );
  }
  if (utf8Length(JSON.stringify(value)) > limits.metadataBytes)
    throw refusal(field, `${field} must be at most ${limits.metadataBytes} bytes as JSON`);
}

/**
 * Metadata after a change: `null` removes a key (JSON Merge Patch, RFC 7396).
 *
 * @throws UnlabelError `invalid_parameter` where what comes of it is not metadata.
 */
export function patchMetadata(metadata: Metadata, patch: MetadataPatch['metadata']): Metadata {
  if (!isPlain(patch)) throw refusal('metadata', `metadata must be an object, got ${brandOf(patch)}`);
  const patched = Object.entries({ ...metadata, ...patch }).filter(([, value]) => value !== null);
  const after = Object.fromEntries(patched) as Metadata;
  checkMetadata(after, 'metadata');
  return after;
}

/** What a write to the gallery throws. */
export function galleryIsReadOnly(): UnlabelError {
  return refusal(
    'namespace',
    'The namespace `gallery` is part of a model and cannot be written to: choose another name',
  );
}

function refusal(field: string, message: string): UnlabelError {
  return new UnlabelError('invalid_parameter', message, { field });
}
