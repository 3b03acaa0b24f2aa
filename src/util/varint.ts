/**
 * Encodes a number as an unsigned LEB128 varint, the form of WebAssembly and of protocol buffers.
 *
 * @param value - an integer from 0 to `Number.MAX_SAFE_INTEGER`.
 */
export function encodeVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  // Division, not shifts: a shift keeps 32 bits only.
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

/**
 * Decodes an unsigned LEB128 varint.
 *
 * @param bytes - what holds it.
 * @param start - position of its first byte.
 * @returns the value, and the position after its last byte.
 * @throws RangeError at the end of the bytes.
 */
export function decodeVarint(bytes: Uint8Array, start: number): [value: number, end: number] {
  let value = 0;
  let scale = 1;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at + 1];
    scale *= 128;
  }
  throw new RangeError(`Expected the end of a varint that starts at byte ${start}, got the end of the bytes`);
}
