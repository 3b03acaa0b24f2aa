/** Reads base64 of little-endian float32, on a machine of either byte order. Bytes short of a number are left out. */
export function decodeFloat32(base64: string): Float32Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getFloat32(4 * i, true));
}

/** Writes numbers as base64 of little-endian float32, on a machine of either byte order. */
export function encodeFloat32(numbers: ArrayLike<number>): string {
  const view = new DataView(new ArrayBuffer(4 * numbers.length));
  for (let i = 0; i < numbers.length; i++) view.setFloat32(4 * i, numbers[i] as number, true);
  return btoa(String.fromCharCode(...new Uint8Array(view.buffer)));
}
