import { createMiddleware } from 'hono/factory';

const everywhere = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=63072000',
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
};

/** A page sets the rest of its policy in its own markup. Everything else is data, and may load nothing. */
const pagePolicy = "frame-ancestors 'none'";
const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

/** Adds the headers that keep browsers from sniffing, framing or running an answer. */
export const securityHeaders = createMiddleware(async (c, next) => {
  await next();
  const { headers } = c.res;
  for (const [name, value] of Object.entries(everywhere)) headers.set(name, value);
  // A Worker takes the policy of its script, and must be able to load the model.
  const isOfPage = /^(text\/html|text\/javascript)/.test(headers.get('content-type') ?? '');
  headers.set('content-security-policy', isOfPage ? pagePolicy : dataPolicy);
});
