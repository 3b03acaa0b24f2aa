import { createMiddleware } from 'hono/factory';
import { timingSafeEqual } from 'hono/utils/buffer';
import { UnlabelError } from '../../contract/errors.ts';
import { sha256 } from '../../inference/sha256.ts';
import type { Environment } from '../environment.ts';

/**
 * Asks for `Authorization: Bearer <key>` where the deployment has `API_KEY_HASHES`; open where it has not.
 * Only the keys' SHA-256 digests are stored, and they are compared in constant time.
 */
export const apiKey = createMiddleware<Environment>(async (c, next) => {
  const hashes = c.env.API_KEY_HASHES?.trim().toLowerCase().split(/\s+/);
  if (hashes) {
    const key = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    if (key === undefined)
      throw new UnlabelError('unauthorized', 'Send the API key as `Authorization: Bearer <key>`');
    const hash = await sha256(new TextEncoder().encode(key));
    // All are compared, so that the time says nothing about which one matched.
    const matches = await Promise.all(hashes.map((known) => timingSafeEqual(known, hash)));
    if (!matches.includes(true)) throw new UnlabelError('unauthorized', 'The API key is not known');
  }
  await next();
});
