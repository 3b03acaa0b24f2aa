import { ConnectionError, UnlabelApiError } from './errors.ts';

/** Answers that a second attempt may change: timeout, conflict, too early, rate limit, and the server's troubles. */
const retryStatuses = new Set([408, 409, 425, 429, 500, 502, 503, 504]);

/** First wait and longest wait, in milliseconds, where the server does not name one. */
const firstBackoff = 500;
const longestBackoff = 8_000;
/** Longest wait that a server can ask for, in milliseconds: one window of the usual rate limits. */
const longestRetryAfter = 60_000;

/** Whether the same request may succeed when it is sent again: a lost connection, a timeout, or a passing status. */
export function isRetryable(error: unknown): boolean {
  return (
    error instanceof ConnectionError || (error instanceof UnlabelApiError && retryStatuses.has(error.status))
  );
}

/**
 * Milliseconds to wait before the next attempt: what `Retry-After` says (seconds or a date), 60 s at most; else
 * 0.5 s doubled at every retry, 8 s at most, less up to a quarter so that clients do not come back in step.
 *
 * @param retry 0 before the first retry.
 * @param now milliseconds since 1970, against which a date is read.
 * @param random 0 to 1.
 */
export function retryDelay(
  error: unknown,
  retry: number,
  now: number = Date.now(),
  random: number = Math.random(),
): number {
  const retryAfter = error instanceof UnlabelApiError && error.headers.get('retry-after');
  if (retryAfter) {
    const seconds = Number(retryAfter);
    const wait = Number.isNaN(seconds) ? Date.parse(retryAfter) - now : seconds * 1000;
    if (!Number.isNaN(wait)) return Math.min(Math.max(wait, 0), longestRetryAfter);
  }
  return Math.min(firstBackoff * 2 ** retry, longestBackoff) * (1 - random / 4);
}
