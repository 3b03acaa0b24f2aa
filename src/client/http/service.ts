import type { CallOptions } from '../../contract/model.ts';
import type { Fetch } from './exchange.ts';

/** How requests are sent. */
export interface ConnectionOptions {
  /** Address of the service, with any path that it is mounted under; in a page it may be relative (`/`). */
  url: string;
  /** Sent as `Authorization: Bearer <key>`, to the service alone. Default: none. */
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
  /** Sent with every request, but for `content-type`, which follows from the body. Default: none. */
  headers?: Record<string, string> | undefined;
  /** Default: the global `fetch`. */
  fetch?: Fetch | undefined;
}

/** Options of every call of a client. */
export interface RequestOptions extends CallOptions {
  /** Milliseconds for one attempt. Default: the client's. */
  timeout?: number | undefined;
}

/** A service and how it is reached, of options that were checked. */
export interface Service {
  /** Ends with a slash. */
  base: URL;
  headers: Headers;
  options: ConnectionOptions;
}

/** @throws TypeError for a missing or invalid `url`, `apiKey` or header. */
export function serviceOf(options: ConnectionOptions): Service {
  return { base: baseOf(options.url), headers: headersOf(options), options: { ...options } };
}

function baseOf(url: unknown): URL {
  const expected = 'expected the address of an Unlabel service, such as https://unlabel.example.com';
  if (!url) throw new TypeError(`createClient needs the option url: ${expected}`);
  let base: URL;
  try {
    base = new URL(`${url}`, globalThis.location?.href);
  } catch (cause) {
    throw new TypeError(`Invalid url "${url}": ${expected}; in a page it may be relative`, { cause });
  }
  if (!/^https?:$/.test(base.protocol)) throw new TypeError(`Invalid url "${url}": ${expected}`);
  // No fetch takes such a URL.
  if (base.username || base.password)
    throw new TypeError('The url cannot have a user name or password: use the option apiKey or headers');
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

function headersOf({ apiKey, headers: given }: ConnectionOptions): Headers {
  const headers = new Headers(given);
  // A type of the caller's would go before that of the body.
  headers.delete('content-type');
  // The platform's own error repeats the key.
  if (apiKey && !/^[\x21-\x7e]+$/.test(apiKey))
    throw new TypeError('The apiKey can have only printable ASCII characters without spaces');
  if (apiKey) headers.set('authorization', `Bearer ${apiKey}`);
  return headers;
}
