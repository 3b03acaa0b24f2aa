import { anySignal } from '../abortable.ts';

/**
 * Fetches with a limit on every wait: the response, and then each next part of its body, must arrive in time. The
 * whole may take longer.
 *
 * @param ms - milliseconds of one wait.
 * @param createError - makes the error for a wait that was too long; reading the body throws it too.
 * @throws what `fetch` throws.
 */
export async function fetchInTime(
  url: URL,
  init: RequestInit,
  ms: number,
  createError: () => Error,
): Promise<Response> {
  const late = new AbortController();
  const signal = init.signal ? anySignal(init.signal, late.signal) : late.signal;
  const wait = async <T>(promise: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => late.abort(createError()), ms);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  };
  const response = await wait(fetch(url, { ...init, signal }));
  const reader = response.body?.getReader();
  if (!reader) return response;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await wait(reader.read());
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
