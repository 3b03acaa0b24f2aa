import { createMiddleware } from 'hono/factory';
import { UnlabelError } from '../../contract/errors.ts';
import type { Bindings } from '../platform.ts';
import type { KeyVariables } from './api-key.ts';
import { isLoopback, networkOf } from './network.ts';

interface RateEnvironment {
  Bindings: Bindings;
  Variables: KeyVariables;
}

/**
 * Counts requests by the binding `RATE_LIMIT`: by the key; by the address where there is no known key; by both for a key
 * of pages, which all visitors share. Cloudflare tells the address. Requests without a key from this machine are not
 * counted.
 * @throws UnlabelError `rate_limited`.
 */
export const rateLimit = createMiddleware<RateEnvironment>(async ({ env, req, var: { key } }, next) => {
  const address = req.header('cf-connecting-ip');
  const network = address && !isLoopback(address) ? networkOf(address) : undefined;
  const caller = key ? (key.origins ? `${key.id} ${network}` : key.id) : network;
  const { RATE_LIMIT } = env;
  if (RATE_LIMIT && caller !== undefined) {
    const { success } = await RATE_LIMIT.limit({ key: caller });
    if (!success)
      throw new UnlabelError('rate_limited', 'Too many requests in this minute: wait as Retry-After says');
  }
  await next();
});
