import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';

/** Set by {@link mount}. */
export interface MountVariables {
  /** Path that the app is mounted under, such as `/ai`; empty at the root. */
  mount: string;
}

/**
 * The path that the app is mounted under, as the request has it.
 * @param own - path of the running handler, as the app itself declares it.
 */
export function mountOf(c: Context, own: string): string {
  const segmentsOf = (path: string) => path.split('/').filter(Boolean);
  // Of the request itself, and no helper of Hono: the app that it is mounted in may have another copy of Hono.
  const depth = segmentsOf(c.req.routePath).length - segmentsOf(own).length;
  const names = segmentsOf(c.req.path).slice(0, depth);
  return names.map((name) => `/${name}`).join('');
}

/** Says where the app is mounted. */
export function mount(own: string) {
  return createMiddleware<{ Variables: MountVariables }>(async (c, next) => {
    c.set('mount', mountOf(c, own));
    await next();
  });
}
