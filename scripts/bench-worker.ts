/**
 * The deployment with two more routes, which repeat a piece of work inside one request: workerd's clock stands still
 * while code runs, so the benchmark takes the time outside, of many repetitions less that of one.
 */
import { createApp } from '../src/server.ts';

const app = createApp();

/** Runs the network on the body, an image of the model's size, `?n=` times. */
app.post('/bench/run', async (c) => {
  const image = new Uint8Array(await c.req.arrayBuffer());
  return c.var.models.use(c.req.query('model'), async (model) => {
    for (let i = Number(c.req.query('n')); i > 0; i--) await model.run([image]);
    return c.text('done');
  });
});

/** Answers a classify request for the body `?n=` times: routing, decoding, resizing, the run, and JSON. */
app.post('/bench/classify', async (c) => {
  const body = await c.req.arrayBuffer();
  for (let i = Number(c.req.query('n')); i > 0; i--) {
    const answer = await app.request('/v1/classify', { method: 'POST', body }, c.env);
    await answer.arrayBuffer();
  }
  return c.text('done');
});

export default app;
