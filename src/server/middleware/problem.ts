import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { HTTPException } from 'hono/http-exception';
import type { RequestIdVariables } from 'hono/request-id';
import { errorCodes } from '../../contract/error-codes.ts';
import { type ErrorCode, type Problem, UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { MountVariables } from '../mount.ts';

interface ProblemEnvironment {
  Variables: RequestIdVariables & MountVariables;
}

/** Answers with problem+json (RFC 9457). An error that is no {@link UnlabelError} goes to the log only. */
export function problemOf<E extends ProblemEnvironment>(error: Error, c: Context<E>): Response {
  const known = error instanceof UnlabelError ? error : fromUnknown(error);
  const requestId = c.var.requestId;
  // The other codes are of a client that got no answer.
  const code = known.code as ErrorCode;
  const [status, title] = errorCodes[code];
  const body: Problem = {
    type: `${c.var.mount}/docs#${code}`,
    title,
    status,
    detail: known.message,
    code,
    ...(known.field !== undefined && { field: known.field }),
    requestId,
    // Where OpenAI's clients look for the message.
    ...(c.req.path.endsWith('/v1/embeddings') && {
      error: { message: known.message, type: title, param: known.field ?? null, code },
    }),
  };
  const response = c.json(body, status, { 'content-type': 'application/problem+json' });
  if (status === 503 || status === 429) response.headers.set('retry-after', String(retryAfter(status)));
  if (status === 401) response.headers.set('www-authenticate', 'Bearer');
  return response;
}

/** Makes a problem of what the handlers behind it throw, where the app's own handler of errors does not see it. */
export const problems = createMiddleware<ProblemEnvironment>(async (c, next) => {
  try {
    await next();
  } catch (error) {
    c.error = error as Error;
    c.res = problemOf(error as Error, c);
  }
});

/** Seconds that a client should wait: one, or until the next window of the rate limit. */
function retryAfter(status: 503 | 429): number {
  const window = limits.rateLimitSeconds;
  return status === 503 ? 1 : window - Math.floor((Date.now() / 1000) % window);
}

/** Hono throws exceptions of its own for malformed requests. */
function fromUnknown(error: Error): UnlabelError {
  const isOfCaller = error instanceof HTTPException && error.status < 500;
  const code: ErrorCode = isOfCaller ? 'invalid_request' : 'internal_error';
  const detail = isOfCaller ? error.message : 'The failure is in the log under the request id';
  return new UnlabelError(code, detail, { cause: error.stack ?? error });
}
