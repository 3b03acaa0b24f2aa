import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';

/** Writes a code unit as an escape of JSON. */
const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Decodes JSON from UTF-8. One letter beyond ASCII in 8 MB of base64 would make engines hold all of it in two bytes a
 * character, several times over; so letters of a large body are escaped, which `JSON.parse` reads alike.
 * @throws UnlabelError `invalid_parameter` where a large body has more of them than metadata may.
 */
export function decodeJsonText(bytes: Uint8Array): string {
  if (bytes.length <= limits.jsonTextBytes) return new TextDecoder().decode(bytes);
  const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const parts: string[] = [];
  let letters = 0;
  let from = isMarked ? 3 : 0;
  for (let at = from; at < bytes.length; at++) {
    if ((bytes[at] as number) < 0x80) continue;
    parts.push(decoder.decode(bytes.subarray(from, at)));
    from = at;
    while (at < bytes.length && (bytes[at] as number) >= 0x80) at++;
    letters += at - from;
    if (letters > limits.jsonTextBytes)
      throw new UnlabelError(
        'invalid_parameter',
        `A body of more than ${limits.jsonTextBytes} bytes may have as many bytes of letters beyond ASCII at most`,
      );
    for (const unit of decoder.decode(bytes.subarray(from, at)).split('')) parts.push(escapeUnit(unit));
    from = at;
  }
  parts.push(decoder.decode(bytes.subarray(from)));
  return parts.join('');
}
