import { createMiddleware } from 'hono/factory';
import { timingSafeEqual } from 'hono/utils/buffer';
import { UnlabelError } from '../../contract/errors.ts';
import { sha256 } from '../../inference/sha256.ts';
import type { Environment } from '../environment.ts';

/** What a key may do: `write` for PUT and DELETE, `read` for all else. */
type Scope = 'read' | 'write';

/**
 * Asks for `Authorization: Bearer <key>` where the deployment has `API_KEY_HASHES`; open where it has not.
 * Only the keys' SHA-256 digests are stored, and they are compared in constant time.
 */
export const apiKey = createMiddleware<Environment>(async (c, next) => {
  const entries = c.env.API_KEY_HASHES?.trim().toLowerCase().split(/\s+/);
  if (entries) {
    const key = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    if (key === undefined)
      throw new UnlabelError('unauthorized', 'Send the API key as `Authorization: Bearer <key>`');
    const hash = await sha256(new TextEncoder().encode(key));
    // All are compared, so that the time says nothing about which one matched.
    const known = await Promise.all(
      entries.map(async (entry) => {
        const [digest, scopes = 'read+write'] = entry.split(':');
        return (await timingSafeEqual(digest as string, hash)) ? scopes.split('+') : [];
      }),
    );
    const scopes = known.flat();
    if (scopes.length === 0) throw new UnlabelError('unauthorized', 'The API key is not known');
    const needed: Scope = /^(PUT|DELETE)$/.test(c.req.method) ? 'write' : 'read';
    if (!scopes.includes(needed))
      throw new UnlabelError('forbidden', `The API key lacks the scope \`${needed}\``);
  }
  await next();
});
