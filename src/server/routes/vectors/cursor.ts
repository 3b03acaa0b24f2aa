import { UnlabelError } from '../../../contract/errors.ts';
import { decodeBase64, encodeBase64 } from '../../../util/base64.ts';

/** A cursor is the last id, or name, of a page in base64url: opaque to callers, and the same for every store. */
export function cursorOf(id: string): string {
  const base64 = encodeBase64(new TextEncoder().encode(id));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * What a cursor stands for.
 * @throws UnlabelError `invalid_parameter`.
 */
export function lastOf(cursor: string): string {
  try {
    const bytes = decodeBase64(cursor.replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new UnlabelError('invalid_parameter', 'cursor must be that of an earlier page', {
      field: 'cursor',
      cause,
    });
  }
}
