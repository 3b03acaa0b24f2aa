import { createMiddleware } from 'hono/factory';
import type { Environment, Platform } from '../environment.ts';
import { Turns } from '../queue.ts';
import { BodyMemory, discardBody } from '../request/body.ts';

/**
 * Gives requests their share of the isolate: memory for the body, and turns at the network. What a request holds is
 * free again when it has been answered, or its caller has left.
 */
export function capacity({ waitUntil }: Platform) {
  const turns = new Turns();
  const memory = new BodyMemory();
  return createMiddleware<Environment>(async (c, next) => {
    const lease = memory.lease();
    c.set('turns', turns);
    c.set('lease', lease);
    const answering = next().finally(() => lease.free());
    waitUntil?.(answering.catch(() => undefined));
    await answering;
    await discardBody(c.req.raw);
  });
}
