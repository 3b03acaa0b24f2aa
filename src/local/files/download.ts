import { type ErrorCode, UnlabelError } from '../../contract/errors.ts';
import { delay } from '../../util/delay.ts';
import type { Sharer } from '../../util/share.ts';
import type { Progress } from '../options.ts';

/** Milliseconds before each attempt to resume an interrupted download. */
const retryDelays = [250, 1_000, 3_000];

const codeByStatus: Record<number, ErrorCode> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'model_not_found',
  422: 'invalid_parameter',
};

/**
 * Returns a successful response.
 * @throws UnlabelError for any other.
 */
export function requireOk(response: Response, what: string): Response {
  if (response.ok) return response;
  throw new UnlabelError(
    codeByStatus[response.status] ?? 'model_unavailable',
    `${what} was answered with HTTP ${response.status}`,
  );
}

/** The error for a request without a response. */
export function unreachable(what: string, cause: unknown): UnlabelError {
  return new UnlabelError('model_unavailable', `${what} cannot be reached`, { cause });
}

/**
 * Downloads a file of known length. An interrupted download resumes where it ended, or from the start if the server
 * does not support ranges. A refusal ends it.
 *
 * @param bytes - length of the file.
 * @throws UnlabelError `model_unavailable`, or as the server refuses; the reason of the signal.
 */
export async function download(
  url: URL,
  bytes: number,
  { signal, onProgress, ...init }: Sharer<Progress> & RequestInit,
): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(bytes);
  let loaded = 0;
  for (const retryDelay of [...retryDelays, undefined]) {
    try {
      const headers = new Headers(init.headers);
      if (loaded > 0) headers.set('range', `bytes=${loaded}-`);
      const response = requireOk(await fetch(url, { ...init, headers, signal }), 'A file of the model');
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
      if (isRefusal || retryDelay === undefined)
        throw error instanceof UnlabelError ? error : unreachable('A file of the model', error);
      await delay(retryDelay, signal);
    }
  }
  throw wrongLength();
}

/** The chunks of a body. Not every browser can iterate a stream yet. */
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
