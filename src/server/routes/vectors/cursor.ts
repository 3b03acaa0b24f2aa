import { UnlabelError } from '../../../contract/errors.ts';

/** A cursor is the last id, or name, of a page in base64url: opaque to callers, and the same for every store. */
export function cursorOf(id: string): string {
  const base64 = btoa(String.fromCharCode(...new TextEncoder().encode(id)));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * What a cursor stands for.
 * @throws UnlabelError `invalid_parameter`.
 */
export function lastOf(cursor: string): string {
  try {
    const bytes = Uint8Array.from(atob(cursor.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new UnlabelError('invalid_parameter', 'cursor must be that of an earlier page', {
      field: 'cursor',
      cause,
    });
  }
}
