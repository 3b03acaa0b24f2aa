/** Arguments of one call of `String.fromCharCode`: engines limit them to what their stack holds. */
const chunkBytes = 32_768;

/**
 * Decodes standard base64 (RFC 4648, section 4), with or without padding.
 *
 * @throws DOMException `InvalidCharacterError` for other text.
 */
export function decodeBase64(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  // A loop: `Uint8Array.from` with a callback takes twenty times as long.
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Encodes bytes as standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += chunkBytes)
    binary += String.fromCharCode(...bytes.subarray(start, start + chunkBytes));
  return btoa(binary);
}
