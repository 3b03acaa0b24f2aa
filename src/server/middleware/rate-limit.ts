import { createMiddleware } from 'hono/factory';
import { UnlabelError } from '../../contract/errors.ts';
import type { Bindings } from '../platform.ts';
import type { KeyVariables } from './api-key.ts';

/**
 * Counts requests by the binding `RATE_LIMIT`: per key, and without a known one per address, which Cloudflare tells.
 * Requests of the machine itself, as in local development, are not counted.
 */
export const rateLimit = createMiddleware<{ Bindings: Bindings; Variables: KeyVariables }>(
  async (c, next) => {
    const address = c.req.header('cf-connecting-ip');
    const caller = c.var.key?.id ?? (address && !isLoopback(address) ? networkOf(address) : undefined);
    if (c.env.RATE_LIMIT && caller !== undefined) {
      const { success } = await c.env.RATE_LIMIT.limit({ key: caller });
      if (!success)
        throw new UnlabelError(
          'rate_limited',
          'Too many requests in this minute: wait for the time in Retry-After',
        );
    }
    await next();
  },
);

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** An IPv6 customer has a network of 64 bits, or more, of addresses. */
function networkOf(address: string): string {
  const [start = ''] = address.split('::');
  return address.includes(':') ? start.split(':').slice(0, 4).join(':') : address;
}
