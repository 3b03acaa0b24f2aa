/** Arguments of one call of `String.fromCharCode`: engines limit them to what their stack holds. */
const chunkBytes = 32_768;
/** Characters that are decoded at a time: a multiple of 4. */
const sliceChars = 32_768;

/**
 * Decodes standard base64 (RFC 4648, section 4), with or without padding.
 *
 * @throws DOMException `InvalidCharacterError` for other text.
 */
export function decodeBase64(base64: string): Uint8Array<ArrayBuffer> {
  const text = base64.replaceAll(/[\t\n\f\r ]/g, '');
  const padding = /={0,2}$/.exec(text)?.[0].length ?? 0;
  const bytes = new Uint8Array(Math.floor((3 * (text.length - padding)) / 4));
  // Slice by slice: the binary string of a whole image would take as much memory again.
  for (let start = 0, at = 0; start < text.length; start += sliceChars) {
    const binary = atob(text.slice(start, start + sliceChars));
    const isLast = start + sliceChars >= text.length;
    // Padding ends a text, and no slice of one.
    if (!isLast && binary.length !== (3 * sliceChars) / 4)
      throw new DOMException('The text is not base64', 'InvalidCharacterError');
    for (let i = 0; i < binary.length; i++) bytes[at++] = binary.charCodeAt(i);
  }
  return bytes;
}

/** Encodes bytes as standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += chunkBytes)
    binary += String.fromCharCode(...bytes.subarray(start, start + chunkBytes));
  return btoa(binary);
}
