import type { CallOptions } from '../contract/model.ts';
import { delay } from '../util/delay.ts';
import { exchange, type Fetch } from './exchange.ts';
import { readAnswer } from './read-response.ts';
import { isRetryable, retryDelay } from './retry.ts';

/** How requests are sent. */
export interface ConnectionOptions {
  /** Where the service is, with any path that it is mounted under; in a page it may be relative (`/`). */
  url: string;
  /** Sent as `Authorization: Bearer <key>`. Default: none. */
  apiKey?: string | undefined;
  /**
   * Milliseconds for one attempt, up to the last byte of the answer.
   * @default 30_000
   */
  timeout?: number | undefined;
  /**
   * How often a request is sent again after a lost connection, a timeout, or 408, 409, 425, 429, 500, 502, 503
   * or 504: after the answer's `Retry-After` (60 s at most), else after 0.5 s, 1 s, 2 s ... 8 s, with jitter.
   * @default 2
   */
  maxRetries?: number | undefined;
  /** Sent with every request. Default: none. */
  headers?: Record<string, string> | undefined;
  /** Default: the global `fetch`. */
  fetch?: Fetch | undefined;
}

/** Options of every call of a client. */
export interface RequestOptions extends CallOptions {
  /** Milliseconds for one attempt. Default: the client's. */
  timeout?: number | undefined;
}

/** Parameters of a URL; undefined ones are left out. */
export type Query = Record<string, string | number | undefined>;

/** One request, before it is sent. */
export interface Outgoing {
  /** Path below the service's URL, without a leading slash. */
  path: string;
  query?: Query;
  /** Default: POST with a body, GET without. */
  method?: 'PUT' | 'DELETE';
  /** Sent again as it is at a retry, so never a stream. */
  body?: Blob | FormData;
}

/**
 * Sends a request until it succeeds, fails for good, or has been sent `maxRetries` times again.
 *
 * @param read takes the parsed JSON of a success; whatever it throws becomes the cause of an `UnlabelApiError`.
 */
export type Send = <T>(
  outgoing: Outgoing,
  read: (body: unknown) => T,
  options?: RequestOptions,
) => Promise<T>;

/** @throws TypeError for an invalid `url` or header. */
export function createSend(connection: ConnectionOptions): Send {
  const { url, apiKey, maxRetries = 2 } = connection;
  const base = new URL(url, globalThis.location?.href);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const headers = new Headers(connection.headers);
  if (apiKey) headers.set('authorization', `Bearer ${apiKey}`);

  return async ({ path, query = {}, method, body }, read, options = {}) => {
    const url = new URL(path, base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, `${value}`);
    }
    const init: RequestInit = body
      ? { method: method ?? 'POST', headers, body }
      : { method: method ?? 'GET', headers };
    const { fetch = globalThis.fetch } = connection;
    const timeout = options.timeout ?? connection.timeout ?? 30_000;
    for (let retry = 0; ; retry++) {
      try {
        return readAnswer(await exchange(fetch, url.href, init, timeout, options.signal), read);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (retry >= maxRetries || !isRetryable(error)) throw error;
        await delay(retryDelay(error, retry), options.signal);
      }
    }
  };
}
