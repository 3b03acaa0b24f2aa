import { createMiddleware } from 'hono/factory';
import type { RequestIdVariables } from 'hono/request-id';
import { UnlabelError } from '../../contract/errors.ts';
import type { Bindings } from '../platform.ts';
import type { KeyVariables } from './api-key.ts';

/** One line of the log: no payload, no key, no header, no path as the caller wrote it. */
export interface LogLine {
  requestId: string;
  method: string;
  /** As it is declared: `/v1/vectors/:id`; `*` for a page. */
  route: string;
  status: number;
  /** Milliseconds, waiting only: a Worker's clock does not advance while code runs. */
  ms: number;
  /** `id` of the key, see `npm run keys`. */
  key?: string;
  /** `code` of the problem. */
  code?: string;
  /** What failed on our side, for a status of 500 and above. */
  detail?: string;
  cause?: string;
}

/** Writes a line of JSON to the console. */
export function logToConsole(line: LogLine): void {
  console[line.status < 500 ? 'log' : 'error'](JSON.stringify(line));
}

type LogEnvironment = { Bindings: Bindings; Variables: RequestIdVariables & KeyVariables };

/** Writes a line for every request, and counts it in the binding `ANALYTICS` where there is one. */
export function logRequests(write: (line: LogLine) => void) {
  return createMiddleware<LogEnvironment>(async (c, next) => {
    const start = Date.now();
    await next();
    const { error } = c;
    const { method } = c.req;
    const { status } = c.res;
    const ms = Date.now() - start;
    const route = c.req.matchedRoutes.findLast(({ path }) => !path.endsWith('*'))?.path ?? '*';
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
