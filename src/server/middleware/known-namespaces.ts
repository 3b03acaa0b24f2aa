import { createMiddleware } from 'hono/factory';

/** Set by {@link knownNamespaces}. */
export interface NamespaceVariables {
  /** Namespaces that were written to, as far as this isolate knows. */
  knownNamespaces: Set<string>;
}

/** Remembers for the life of the app which namespaces were written to, so that requests need not ask. */
export function knownNamespaces() {
  const known = new Set<string>();
  return createMiddleware<{ Variables: NamespaceVariables }>(async (c, next) => {
    c.set('knownNamespaces', known);
    await next();
  });
}
