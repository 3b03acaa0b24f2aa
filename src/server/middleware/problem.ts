import { HTTPException } from 'hono/http-exception';
import { type ErrorCode, errorCodes, type Problem, UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { RequestContext } from '../environment.ts';

/** Answers with problem+json (RFC 9457). What is not an {@link UnlabelError} is for the log, and told to nobody. */
export function problemOf(error: Error, c: RequestContext): Response {
  const known = error instanceof UnlabelError ? error : fromUnknown(error);
  const requestId = c.get('requestId');
  const [status, title] = errorCodes[known.code];
  const body: Problem = {
    type: `/docs#${known.code}`,
    title,
    status,
    detail: known.message,
    code: known.code,
    ...(known.field !== undefined && { field: known.field }),
    requestId,
  };
  const response = c.json(body, status, { 'content-type': 'application/problem+json' });
  if (status === 503 || status === 429) response.headers.set('retry-after', String(retryAfter(status)));
  if (status === 401) response.headers.set('www-authenticate', 'Bearer');
  return response;
}

/** Seconds that a client should wait: one, or until the counting of its requests begins anew. */
function retryAfter(status: 503 | 429): number {
  const window = limits.rateLimitSeconds;
  return status === 503 ? 1 : window - Math.floor((Date.now() / 1000) % window);
}

/** Hono's own exceptions are about the form of a request. */
function fromUnknown(error: Error): UnlabelError {
  const isCallersFault = error instanceof HTTPException && error.status < 500;
  const code: ErrorCode = isCallersFault ? 'invalid_request' : 'internal_error';
  return new UnlabelError(
    code,
    isCallersFault ? error.message : 'The failure has been logged under the request id',
    {
      cause: error.stack ?? error,
    },
  );
}
