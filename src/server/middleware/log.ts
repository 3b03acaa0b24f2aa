import { createMiddleware } from 'hono/factory';
import { matchedRoutes } from 'hono/route';
import { UnlabelError } from '../../contract/errors.ts';
import type { Environment } from '../environment.ts';

/** What is logged of a request: no payload, no key, no header, and no address that the caller chose. */
export interface LogLine {
  requestId: string;
  method: string;
  /** As it is declared: `/v1/vectors/:id`; `*` for a page. */
  route: string;
  status: number;
  /** Milliseconds; those of computing alone do not count in a Worker, whose clock stands still meanwhile. */
  ms: number;
  /** `id` of the key, see `npm run keys`. */
  key?: string;
  /** `code` of the problem. */
  code?: string;
  /** What went wrong with us, for a status of 500 and above. */
  detail?: string;
  cause?: string;
}

/** Writes a line of JSON to the console. */
export function logToConsole(line: LogLine): void {
  console[line.status < 500 ? 'log' : 'error'](JSON.stringify(line));
}

/** Writes a line for every request, and counts it in the binding `ANALYTICS` where there is one. */
export function logRequests(write: (line: LogLine) => void) {
  return createMiddleware<Environment>(async (c, next) => {
    const began = Date.now();
    await next();
    const { error } = c;
    const { method } = c.req;
    const { status } = c.res;
    const ms = Date.now() - began;
    const route = matchedRoutes(c).findLast(({ path }) => !path.endsWith('*'))?.path ?? '*';
    const code = error instanceof UnlabelError ? error.code : error && 'internal_error';
    write({
      requestId: c.var.requestId,
      method,
      route,
      status,
      ms,
      ...(c.var.key && { key: c.var.key.id }),
      ...(code && { code }),
      ...(status >= 500 && { detail: error?.message ?? '', cause: causeOf(error) }),
    });
    c.env.ANALYTICS?.writeDataPoint({
      indexes: [route],
      blobs: [method, route, code ?? ''],
      doubles: [status, ms],
    });
  });
}

function causeOf(error: Error | undefined): string {
  const cause = error instanceof UnlabelError ? error.cause : error;
  return String((cause instanceof Error && cause.stack) || (cause ?? ''));
}
