import { createMiddleware } from 'hono/factory';
import type { Platform } from '../platform.ts';
import { Queue } from '../queue.ts';
import { discardBody } from '../request/body.ts';
import { type BodyLease, BodyMemory } from '../request/body-memory.ts';

/** Set by {@link capacity}. */
export interface CapacityVariables {
  /** Turns at the network. */
  queue: Queue;
  /** Turns of images that are read in pieces: one at a time, as it keeps its state while others have their turn. */
  largeImages: Queue;
  /** Memory for the body. */
  lease: BodyLease;
}

/**
 * Gives requests their share of the isolate: memory for the body, and turns at the network. Both are free again when
 * the request has been answered, or its caller has disconnected.
 */
export function capacity({ waitUntil }: Platform) {
  const queue = new Queue();
  const largeImages = new Queue();
  const memory = new BodyMemory();
  return createMiddleware<{ Variables: CapacityVariables }>(async (c, next) => {
    const lease = memory.lease();
    c.set('queue', queue);
    c.set('largeImages', largeImages);
    c.set('lease', lease);
    const answering = next().finally(() => lease.free());
    waitUntil?.(answering.catch(() => undefined));
    await answering;
    await discardBody(c.req.raw);
  });
}
