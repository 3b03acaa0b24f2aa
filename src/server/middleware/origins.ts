import { cors } from 'hono/cors';
import { createMiddleware } from 'hono/factory';
import { UnlabelError } from '../../contract/errors.ts';
import type { Bindings } from '../platform.ts';
import { isLoopback } from './network.ts';

/** Set by {@link origins}. */
export interface OriginVariables {
  /** Whether the request comes from a page of another origin, which nobody has listed by name. */
  isForeignPage: boolean;
}

/**
 * Answers CORS preflights, and says whose page sends a request.
 * @param listed - origins whose pages may call the API. Default: those of `ALLOWED_ORIGINS`, or all.
 */
export function origins(listed: string | readonly string[] | undefined) {
  return createMiddleware<{ Bindings: Bindings; Variables: OriginVariables }>((c, next) => {
    const allowed = [listed ?? c.env.ALLOWED_ORIGINS?.trim().split(/\s+/) ?? '*'].flat();
    const origin = c.req.header('origin');
    const address = c.req.header('cf-connecting-ip') ?? '';
    const isListed = origin !== undefined && allowed.includes(origin);
    c.set('isForeignPage', origin !== undefined && !isListed && !isOwn(origin, c.req.url, address));
    const exposeHeaders = ['x-request-id', 'retry-after', 'etag', 'server-timing'];
    return cors({ origin: allowed.includes('*') ? '*' : allowed, exposeHeaders, maxAge: 86_400 })(c, next);
  });
}

/** Compares hosts: a proxy before the Worker may speak https where the Worker sees http. */
function isOwn(origin: string, url: string, address: string): boolean {
  const own = new URL(url);
  // A page can point a name of its own at this machine (DNS rebinding).
  const isRebound = isLoopback(address) && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(own.hostname);
  return URL.canParse(origin) && new URL(origin).host === own.host && !isRebound;
}

/**
 * Keeps pages of other origins from the store of an open deployment, such as `npm start`: any site that its user visits
 * could read and delete everything. Predictions are open to them.
 * @throws UnlabelError `forbidden`.
 */
export function checkOrigin({ env, var: { isForeignPage } }: { env: Bindings; var: OriginVariables }): void {
  if (isForeignPage && env.API_KEY_HASHES === undefined)
    throw new UnlabelError(
      'forbidden',
      'Without API keys, pages of other origins cannot use the store: list their origin in ALLOWED_ORIGINS, or make a key',
    );
}
