import { abortable } from '../../util/abortable.ts';

/**
 * Reads a stream to its end; undefined, and the stream is canceled, once it has more bytes than `maxBytes`.
 *
 * @param signal - ends the reading and cancels the stream.
 * @throws what the stream fails with, or the reason of the signal.
 */
export async function readStream(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Blob | undefined> {
  const reader = stream.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await abortable(reader.read(), signal);
      if (done) return new Blob(chunks);
      if (!ArrayBuffer.isView(value)) throw new TypeError('expected a stream of bytes');
      bytes += value.byteLength;
      if (bytes > maxBytes) break;
      chunks.push(value as Uint8Array<ArrayBuffer>);
    }
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  }
  reader.cancel().catch(() => {});
  return undefined;
}
