/** A Worker of one's own: Unlabel's routes beside its own, which use the network without leaving the Worker. */
import { Hono } from 'hono';
import { createClient } from 'unlabel';
import { type Bindings, createApp } from 'unlabel-server';

// wrangler.toml binds them: they store vectors and sets of classes.
export { ClassSets, VectorNamespace } from 'unlabel-server';

// One for the life of the Worker: it keeps the loaded models.
const unlabel = createApp();
const app = new Hono<{ Bindings: Bindings }>();

/** `POST /describe` with the bytes of a picture: a sentence about it. */
app.post('/describe', async (c) => {
  const client = createClient({
    url: new URL('/', c.req.url).href,
    model: 'cifar10',
    fetch: (url, init) => unlabel.request(url, init, c.env, c.executionCtx),
  });
  const { predictions } = await client.classify(await c.req.arrayBuffer(), { topK: 1 });
  return c.text(`This looks like: ${predictions[0]?.label}`);
});

// Its API and its pages: /ai/v1/classify, /ai/docs.
app.route('/ai', unlabel);
export default app;
