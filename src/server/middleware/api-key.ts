import { createMiddleware } from 'hono/factory';
import { timingSafeEqual } from 'hono/utils/buffer';
import { UnlabelError } from '../../contract/errors.ts';
import { sha256 } from '../../util/sha256.ts';
import { type ApiKey, parseKeys, type Scope } from '../keys.ts';
import type { Bindings } from '../platform.ts';
import { isLoopback } from './network.ts';

/** Set by {@link findKey}. */
export interface KeyVariables {
  /** Key of the caller, where the deployment has keys and this is one of them. */
  key: ApiKey | undefined;
}

type KeyEnvironment = { Bindings: Bindings; Variables: KeyVariables };

/**
 * Finds the key of `Authorization: Bearer <key>` among the deployment's `API_KEY_HASHES`. Only the keys' SHA-256 digests
 * are stored, and they are compared in constant time.
 */
export const findKey = createMiddleware<KeyEnvironment>(async (c, next) => {
  const key = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  c.set('key', undefined);
  if (c.env.API_KEY_HASHES !== undefined && key !== undefined) {
    const digest = await sha256(new TextEncoder().encode(key));
    // Compares with all, so that the time does not tell which one matched.
    const matching = await Promise.all(
      parseKeys(c.env.API_KEY_HASHES).map(async (entry) =>
        (await timingSafeEqual(entry.digest, digest)) ? [entry] : [],
      ),
    );
    c.set('key', matching.flat()[0]);
  }
  await next();
});

/**
 * Refuses what the key does not allow. Without `API_KEY_HASHES` the deployment is open: anybody may read, and only this
 * machine may write, unless `ALLOW_OPEN_WRITES` says `true` or `false`. It warns once.
 */
export function checkKey() {
  let hasWarned = false;
  return createMiddleware<KeyEnvironment>(async (c, next) => {
    const { API_KEY_HASHES, ALLOW_OPEN_WRITES } = c.env;
    const scope = scopeOf(c.req);
    if (API_KEY_HASHES !== undefined) refuse(c.var.key, scope, c.req.header());
    else {
      if (!hasWarned) console.warn('*** OPEN: without API keys, anybody may call this API ***');
      hasWarned = true;
      const isFromHere = isLoopback(c.req.header('cf-connecting-ip') ?? '');
      if (scope === 'write' && ALLOW_OPEN_WRITES !== 'true' && (ALLOW_OPEN_WRITES === 'false' || !isFromHere))
        throw new UnlabelError(
          'forbidden',
          'This deployment has no API keys, and so takes no writes from other machines: make a key ' +
            '(`unlabel-server keys add`), or set the variable ALLOW_OPEN_WRITES to "true"',
        );
    }
    await next();
  });
}

/** Scope that a request needs: `POST` asks for predictions, but for a deletion. */
function scopeOf({ method, path }: { method: string; path: string }): Scope {
  const writes = method === 'POST' ? path.endsWith('/v1/deletions') : !/^(GET|HEAD|OPTIONS)$/.test(method);
  return writes ? 'write' : 'read';
}

function refuse(
  key: ApiKey | undefined,
  needed: Scope,
  { authorization, origin = '' }: Record<string, string>,
) {
  if (!key)
    throw new UnlabelError(
      'unauthorized',
      authorization ? 'The API key is not known' : 'Send the API key as `Authorization: Bearer <key>`',
    );
  if (!key.scopes.includes(needed))
    throw new UnlabelError('forbidden', `The API key lacks the scope \`${needed}\``);
  if (key.origins && !key.origins.includes(origin))
    throw new UnlabelError('forbidden', 'The API key is for pages of other origins');
}
