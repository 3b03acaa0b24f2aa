/** Bytes `start` to `end`, both within the file. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Reads a `Range` header (RFC 9110, 14.2).
 *
 * @param length - bytes of the file.
 * @returns `undefined` where the whole file is to be sent: no range, several, or another unit; `null` where the file
 * has no such bytes.
 */
export function parseRange(header: string | undefined, length: number): ByteRange | undefined | null {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (!first && !last) return undefined;
  if (!first) {
    const count = Math.min(Number(last), length);
    return count > 0 ? { start: length - count, end: length - 1 } : null;
  }
  const start = Number(first);
  const end = last ? Math.min(Number(last), length - 1) : length - 1;
  if (last && Number(last) < start) return undefined;
  return start < length ? { start, end } : null;
}

/** Lets only a range of the bytes through. */
export function cutTo({ start, end }: ByteRange): TransformStream<Uint8Array, Uint8Array> {
  let at = 0;
  return new TransformStream({
    transform(chunk, controller) {
      const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at));
      at += chunk.length;
      if (part.length > 0) controller.enqueue(part);
      if (at > end) controller.terminate();
    },
  });
}
