/**
 * Seconds to wait, of the header `Retry-After` (RFC 9110, 10.2.3), which has seconds or a date; undefined where it has
 * neither.
 *
 * @param now - milliseconds since 1970, from which the wait for a date counts.
 */
export function retryAfterOf(headers: Headers, now: number = Date.now()): number | undefined {
  const value = headers.get('retry-after');
  if (!value) return undefined;
  const seconds = Number(value);
  const wait = Number.isNaN(seconds) ? (Date.parse(value) - now) / 1000 : seconds;
  return Number.isNaN(wait) ? undefined : Math.max(wait, 0);
}
