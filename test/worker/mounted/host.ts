import { DurableObject } from 'cloudflare:workers';
import { Hono } from 'hono';
import { type Bindings, createApp } from '../../../src/server.ts';

export { ClassSets, VectorNamespace } from '../../../src/server.ts';

/** A Durable Object of the host. */
export class Visits extends DurableObject {
  count(): number {
    const next = (this.ctx.storage.kv.get<number>('count') ?? 0) + 1;
    this.ctx.storage.kv.put('count', next);
    return next;
  }
}

export interface HostBindings extends Bindings {
  VISITS: DurableObjectNamespace<Visits>;
}

/** An application that has pages, errors and routes of its own, before and after what is mounted. */
export function createHost(
  path: string,
  app = createApp({ log: () => {} }),
): Hono<{ Bindings: HostBindings }> {
  const host = new Hono<{ Bindings: HostBindings }>();
  host.get('/before', (c) => c.text('before'));
  host.route(path, app);
  host.get('/after', (c) => c.text('after'));
  host.get('/v1/mine', (c) => c.text('mine'));
  host.get('/fails', () => {
    throw new Error('of the host');
  });
  host.get('/visits', async (c) => c.json(await c.env.VISITS.getByName('all').count()));
  host.notFound((c) => c.text('nothing here', 404));
  host.onError((_, c) => c.text('the host fails', 500));
  return host;
}

export default createHost('/ai');
