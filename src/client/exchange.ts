import { ConnectionError, TimeoutError } from './errors.ts';
import type { Answer } from './read-response.ts';

/** What a client needs of `fetch`: the global one, a service binding's, or the `request` of a Hono app. */
export type Fetch = (url: string, init: RequestInit) => Response | Promise<Response>;

/** Longest delay that timers know; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

/**
 * Sends a request once, and waits for the last byte of its answer, whatever its status.
 *
 * @param timeout in milliseconds.
 * @throws TimeoutError, ConnectionError, or the reason of `signal`.
 */
export async function exchange(
  fetch: Fetch,
  url: string,
  init: RequestInit,
  timeout: number,
  signal?: AbortSignal,
): Promise<Answer> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  const timer = setTimeout(
    () => controller.abort(new TimeoutError(`No answer within ${timeout} ms`)),
    Math.min(timeout, longestTimer),
  );
  try {
    const response = await fetch(url, { ...init, signal: controller.signal });
    return { response, text: await response.text() };
  } catch (cause) {
    controller.signal.throwIfAborted();
    throw new ConnectionError('The service cannot be reached', { cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
