import { UnlabelError } from '../../contract/errors.ts';
import { abortable } from '../../util/abortable.ts';
import { checkAnswer, unreachable } from './responses.ts';
import type { Sharer } from './share.ts';

/** Milliseconds before each attempt to go on with a download that broke. */
const waits = [250, 1_000, 3_000];

/**
 * Downloads a file of known length. A connection that breaks is taken up where it ended, or from the start where the
 * server does not know ranges; not a refusal.
 *
 * @param bytes - length of the file.
 * @throws UnlabelError `model_unavailable`, or as the server refuses; the reason of the signal.
 */
export async function download(
  url: URL,
  bytes: number,
  { signal, onProgress, ...init }: Sharer & RequestInit,
): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(bytes);
  let loaded = 0;
  for (const wait of [...waits, undefined]) {
    try {
      const headers = new Headers(init.headers);
      if (loaded > 0) headers.set('range', `bytes=${loaded}-`);
      const response = checkAnswer(await fetch(url, { ...init, headers, signal }), 'A file of the model');
      if (response.status !== 206) loaded = 0;
      for await (const chunk of chunksOf(response)) {
        if (loaded + chunk.length > bytes) throw wrongLength();
        data.set(chunk, loaded);
        loaded += chunk.length;
        onProgress?.({ loaded, total: bytes });
      }
      if (loaded === bytes) return data;
      throw wrongLength();
    } catch (error) {
      signal.throwIfAborted();
      const isRefusal = error instanceof UnlabelError && error.code !== 'model_unavailable';
      if (isRefusal || wait === undefined)
        throw error instanceof UnlabelError ? error : unreachable('A file of the model', error);
      await abortable(new Promise((resolve) => setTimeout(resolve, wait)), signal);
    }
  }
  throw wrongLength();
}

/** The chunks of a body. Streams are not yet iterable everywhere. */
async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) yield part.value;
}

function wrongLength(): UnlabelError {
  return new UnlabelError(
    'model_unavailable',
    'A file of the model has another length than its manifest says',
  );
}
