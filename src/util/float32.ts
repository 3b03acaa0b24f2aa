import { decodeBase64, encodeBase64 } from './base64.ts';

/** Decodes base64 of little-endian float32, on a machine of either byte order. Bytes short of a number are left out. */
export function decodeFloat32(base64: string): Float32Array<ArrayBuffer> {
  const bytes = decodeBase64(base64);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getFloat32(4 * i, true));
}

/** Encodes numbers as base64 of little-endian float32, on a machine of either byte order. */
export function encodeFloat32(numbers: ArrayLike<number>): string {
  const bytes = new Uint8Array(4 * numbers.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < numbers.length; i++) view.setFloat32(4 * i, numbers[i] as number, true);
  return encodeBase64(bytes);
}
