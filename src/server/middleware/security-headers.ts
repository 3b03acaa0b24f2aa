import { createMiddleware } from 'hono/factory';
import type { Environment } from '../environment.ts';

const everywhere = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=63072000',
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
};

/** Nothing may frame a page, which says in itself what it loads; all else is data, that may not load anything. */
const pagePolicy = "frame-ancestors 'none'";
const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

/** Adds the headers that keep browsers from making of an answer what it is not. */
export const securityHeaders = createMiddleware<Environment>(async (c, next) => {
  await next();
  const { headers } = c.res;
  for (const [name, value] of Object.entries(everywhere)) headers.set(name, value);
  // The policy of a script's answer would be that of the Worker that it starts.
  const isOfPage = /^(text\/html|text\/javascript)/.test(headers.get('content-type') ?? '');
  headers.set('content-security-policy', isOfPage ? pagePolicy : dataPolicy);
});
