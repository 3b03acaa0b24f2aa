import { delay } from '../../util/delay.ts';
import { exchange } from './exchange.ts';
import type { Follow } from './follow.ts';
import { readAnswer } from './read-response.ts';
import { isRetryable, retryDelay } from './retry.ts';
import type { RequestOptions, Service } from './service.ts';

/** Parameters of a URL; undefined ones are left out, and each member of a list has the name of the list. */
export type Query = Record<string, string | number | readonly string[] | undefined>;

/** One request, before it is sent. */
export interface Outgoing {
  /** Path below the service's URL, without a leading slash. */
  path: string;
  query?: Query | undefined;
  /** Default: POST with a body, GET without. */
  method?: 'PUT' | 'PATCH' | 'DELETE';
  /** Sent again as it is at a retry, so never a stream. */
  body?: Blob | FormData;
  /** Gives a field of the request the name that the caller knows it by: `files[0]` -> `images[32]`. */
  rename?(field: string): string;
}

/**
 * Sends a request until it succeeds, fails for good, or has been sent `maxRetries` times again.
 *
 * @param read - takes the parsed JSON of a success; whatever it throws becomes the cause of an `UnlabelApiError`.
 */
export type Send = <T>(
  outgoing: Outgoing,
  read: (body: unknown, response: Response) => T,
  options?: RequestOptions,
) => Promise<T>;

export function createSend({ base, headers, options: connection }: Service, follow: Follow): Send {
  const { maxRetries = 2 } = connection;

  return async ({ path, query = {}, method, body, rename }, read, { signal, timeout } = {}) => {
    signal?.throwIfAborted();
    const url = new URL(path, base);
    for (const [name, value] of Object.entries(query)) {
      for (const one of [value ?? []].flat()) url.searchParams.append(name, `${one}`);
    }
    const init: RequestInit = body
      ? { method: method ?? 'POST', headers, body }
      : { method: method ?? 'GET', headers };
    const { fetch = globalThis.fetch } = connection;
    const milliseconds = timeout ?? connection.timeout ?? 30_000;
    const call = new AbortController();
    const unfollow = signal && follow(signal, () => call.abort(signal.reason));
    try {
      for (let retry = 0; ; retry++) {
        try {
          return readAnswer(await exchange(fetch, url, init, milliseconds, call.signal), read, rename);
        } catch (error) {
          call.signal.throwIfAborted();
          if (retry >= maxRetries || !isRetryable(error)) throw error;
          await delay(retryDelay(error, retry), call.signal);
        }
      }
    } finally {
      unfollow?.();
    }
  };
}
