import { createMiddleware } from 'hono/factory';
import type { Bindings } from '../platform.ts';

/**
 * Keeps shared caches from the answers of a deployment with keys: what needed a key is `private`, and for that key and
 * origin only (RFC 9111, section 3.5).
 */
export const cacheControl = createMiddleware<{ Bindings: Bindings }>(async (c, next) => {
  await next();
  if (c.env.API_KEY_HASHES === undefined) return;
  const { headers } = c.res;
  const directives = headers.get('cache-control')?.replace(/^public, /, '') ?? 'no-store';
  headers.set('cache-control', `private, ${directives}`);
  headers.append('vary', 'authorization, origin');
});
