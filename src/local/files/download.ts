import { type ErrorCode, UnlabelError } from '../../contract/errors.ts';
import { delay } from '../../util/delay.ts';
import { fetchInTime } from '../../util/fetch/fetch-in-time.ts';
import { readStream } from '../../util/fetch/read-stream.ts';
import { pageLimits } from '../limits.ts';
import type { Progress } from '../options.ts';

/** Milliseconds before each attempt to resume an interrupted download. */
const retryDelays = [250, 1_000, 3_000];

const codeByStatus: Record<number, ErrorCode> = {
  401: 'unauthorized',
  403: 'forbidden',
  422: 'invalid_parameter',
  501: 'not_supported',
};

/** A file to request, and its name in errors. */
export interface FileRequest {
  url: URL;
  what: string;
  signal: AbortSignal;
  apiKey?: string | undefined;
  headers?: Record<string, string>;
  cache?: RequestCache;
  /** What it means that the file is not there; `model_not_found` by default. */
  notFound?: ErrorCode;
  /** Milliseconds to wait for the response, and then for its next bytes. */
  stallMs?: number;
}

/**
 * Requests a file; each part of it must arrive in time.
 *
 * @throws UnlabelError `model_unavailable` if there is no response; the reason of the signal.
 */
export async function request(file: FileRequest): Promise<Response> {
  const { url, signal, apiKey, headers = {}, cache = 'default', stallMs = pageLimits.stallMs } = file;
  const init: RequestInit = { signal, cache, headers };
  if (apiKey) {
    init.headers = { ...headers, authorization: `Bearer ${apiKey}` };
    // The key must not follow a redirect to another origin.
    init.redirect = 'error';
  }
  try {
    return await fetchInTime(url, init, stallMs, () =>
      unavailable(file, `nothing arrived for ${stallMs} ms`),
    );
  } catch (cause) {
    throw failure(file, cause);
  }
}

/**
 * Returns a successful response.
 * @throws UnlabelError for any other.
 */
export function requireOk(response: Response, file: FileRequest, hint = ''): Response {
  const { url, what, notFound = 'model_not_found' } = file;
  if (response.ok) return response;
  response.body?.cancel().catch(() => {});
  throw new UnlabelError(
    (response.status === 404 ? notFound : codeByStatus[response.status]) ?? 'model_unavailable',
    `${what} ${url} was answered with HTTP ${response.status}${hint}`,
  );
}

/**
 * Reads a body.
 * @throws UnlabelError `model_unavailable` if it has more bytes than `limit`, or is cut off; the reason of the signal.
 */
export async function readBody(response: Response, limit: number, file: FileRequest): Promise<Blob> {
  try {
    const blob = response.body ? await readStream(response.body, limit, file.signal) : new Blob();
    if (blob) return blob;
  } catch (cause) {
    throw failure(file, cause);
  }
  throw unavailable(file, `it has more than ${limit} bytes`);
}

/**
 * Downloads a file of known length. An interrupted download resumes where it ended, or from the start if the server
 * does not support ranges. A refusal ends it.
 *
 * @param bytes - length of the file.
 * @throws UnlabelError `model_unavailable`, or as the server refuses; the reason of the signal.
 */
export async function download(
  file: FileRequest,
  bytes: number,
  onProgress?: (progress: Progress) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const data = allocate(bytes, file);
  let loaded = 0;
  for (const retryDelay of [...retryDelays, undefined]) {
    try {
      const headers: Record<string, string> = loaded > 0 ? { range: `bytes=${loaded}-` } : {};
      const response = requireOk(await request({ ...file, headers }), file);
      if (response.status !== 206) loaded = 0;
      for await (const chunk of chunksOf(response)) {
        if (loaded + chunk.length > bytes)
          throw unavailable(file, `it has another length than its manifest says, more than ${bytes} bytes`);
        data.set(chunk, loaded);
        loaded += chunk.length;
        onProgress?.({ loaded, total: bytes });
      }
      if (loaded === bytes) return data;
      throw unavailable(file, `it has another length than its manifest says, ${loaded} bytes of ${bytes}`);
    } catch (cause) {
      const error = failure(file, cause);
      const isRefusal = error instanceof UnlabelError && error.code !== 'model_unavailable';
      if (isRefusal || file.signal.aborted || retryDelay === undefined) throw error;
      await delay(retryDelay, file.signal);
    }
  }
  throw unavailable(file, 'it did not arrive');
}

/** An error that says which file cannot be had, and why. */
export function unavailable({ url, what }: FileRequest, why: string, cause?: unknown): UnlabelError {
  return new UnlabelError('model_unavailable', `${what} ${url} cannot be loaded: ${why}`, { cause });
}

/** What to throw for a failure of the network: the reason of an abort, a typed error as it is. */
export function failure(file: FileRequest, cause: unknown): unknown {
  if (file.signal.aborted) return file.signal.reason;
  if (cause instanceof UnlabelError) return cause;
  const redirect = file.apiKey ? ', a redirect (an API key does not follow one)' : '';
  const why = `${(cause as Error).message}. It may be offline, a wrong address, without CORS headers${redirect}, or forbidden by connect-src of this page's Content-Security-Policy`;
  return unavailable(file, why, cause);
}

function allocate(bytes: number, file: FileRequest): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw unavailable(file, `there is no memory for ${bytes} bytes`, cause);
  }
}

/** The chunks of a body. Not every browser can iterate a stream yet. Leaving the loop early cancels the body. */
async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  try {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) yield part.value;
  } finally {
    reader?.cancel().catch(() => {});
  }
}
