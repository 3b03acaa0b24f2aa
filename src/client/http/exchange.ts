import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import { abortable } from '../../util/abortable.ts';
import { readStream } from '../../util/fetch/read-stream.ts';
import { ConnectionError, RedirectError, TimeoutError } from '../errors.ts';
import type { Answer } from './read-response.ts';

/** What a client needs of `fetch`: the global one, a service binding's, or the `request` of a Hono app. */
export type Fetch = (url: string, init: RequestInit) => Response | Promise<Response>;

/** Longest delay that timers take; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

/**
 * Sends a request once, and reads its answer to the last byte, whatever its status. Redirects are not followed: they
 * would take image and headers to an address that the caller did not give.
 *
 * @param timeout - milliseconds.
 * @throws TimeoutError, RedirectError, ConnectionError, or the reason of `signal`.
 */
export async function exchange(
  fetch: Fetch,
  url: URL,
  init: RequestInit,
  timeout: number,
  signal?: AbortSignal,
): Promise<Answer> {
  signal?.throwIfAborted();
  const address = url.origin + url.pathname;
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  const timer = setTimeout(
    () => controller.abort(new TimeoutError(`No answer from ${address} within ${timeout} ms`)),
    Math.min(timeout, longestTimer),
  );
  const send = async (): Promise<Answer> => {
    const response = await fetch(url.href, { ...init, redirect: 'manual', signal: controller.signal });
    if (isRedirect(response)) {
      response.body?.cancel().catch(() => {});
      throw new RedirectError(
        `${address} redirects to ${response.headers.get('location') ?? (response.url || 'another address')}: ` +
          'set the `url` of the client to where the service is',
      );
    }
    const body = response.body ? await readStream(response.body, limits.answerBytes) : new Blob();
    return { response, address, text: await body?.text() };
  };
  try {
    // Not every `fetch` listens to its signal.
    return await abortable(send(), controller.signal);
  } catch (cause) {
    controller.signal.throwIfAborted();
    if (cause instanceof UnlabelError) throw cause;
    throw new ConnectionError(`${address} cannot be reached`, { cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** Browsers hide where a redirect leads, and its status. */
function isRedirect({ type, status, redirected }: Response): boolean {
  return type === 'opaqueredirect' || redirected || [301, 302, 303, 307, 308].includes(status);
}
