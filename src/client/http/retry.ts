import { ConnectionError, RedirectError, UnlabelApiError } from '../errors.ts';
import { retryAfterOf } from './retry-after.ts';

/** Answers that a second attempt may change: timeout, conflict, too early, rate limit, and failures of the service. */
const retryStatuses = new Set([408, 409, 425, 429, 500, 502, 503, 504]);

/** First and longest wait, in milliseconds, where the service names none. */
const firstBackoff = 500;
const longestBackoff = 8_000;
/** Longest wait that a service can ask for, in seconds: one window of the usual rate limits. */
const longestRetryAfter = 60;

/** Whether the same request may succeed when it is sent again: after a lost connection, a timeout, or a passing status. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof UnlabelApiError) return retryStatuses.has(error.status);
  return error instanceof ConnectionError && !(error instanceof RedirectError);
}

/**
 * Milliseconds to wait before the next attempt: what `Retry-After` says, 60 s at most; else 0.5 s doubled at every
 * retry, 8 s at most, less up to a quarter at random, so that clients do not come back in step.
 *
 * @param retry - 0 before the first retry.
 * @param now - milliseconds since 1970, from which the wait for a date counts.
 * @param random - 0 to 1.
 */
export function retryDelay(
  error: unknown,
  retry: number,
  now: number = Date.now(),
  random: number = Math.random(),
): number {
  const retryAfter = error instanceof UnlabelApiError ? retryAfterOf(error.headers, now) : undefined;
  if (retryAfter !== undefined) return 1000 * Math.min(retryAfter, longestRetryAfter);
  return Math.min(firstBackoff * 2 ** retry, longestBackoff) * (1 - random / 4);
}
