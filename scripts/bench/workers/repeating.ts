/**
 * The deployment with routes that repeat work inside one request. workerd's clock stands still while code runs, so the
 * benchmarks measure from outside: many repetitions minus one.
 */
import { waitUntil } from 'cloudflare:workers';
import { codecs } from '../../../src/image/codecs/codecs-workerd.ts';
import { fitPixels } from '../../../src/image/fit/fit.ts';
import { prepareImage } from '../../../src/image/prepare.ts';
import { workerdRuntime } from '../../../src/inference/runtime/runtime-workerd.ts';
import { models } from '../../../src/server/middleware/models.ts';
import { type Bindings, createApp, VectorNamespace as Namespace } from '../../../src/server.ts';
import { stockRuntime } from '../../../src/server-stock.ts';
import type { StoreQuery } from '../../../src/vectors/search/query.ts';
import { createRows } from '../../../src/vectors/search/scan.ts';
import type { StoreSearchOptions } from '../../../src/vectors/store.ts';
import { randomVector, seededRandom } from '../../harness/inputs/random-vectors.ts';

export { ClassSets } from '../../../src/server.ts';

// Without a log: the development server reads it through the inspector, which costs as much as the request.
const log = () => {};
const app = createApp({ log });
/** The same on the whole of onnxruntime-web. */
const stock = createApp({ runtime: stockRuntime, log });
/** The same as it is deployed. */
const logging = createApp();
const model = { name: 'bench', version: '1.0.0' };

/** A namespace that fills itself, and repeats searches. */
export class VectorNamespace extends Namespace {
  /** Adds vectors `from` to `to` of a seeded sequence. */
  async fill(from: number, to: number, dimensions: number): Promise<void> {
    const random = seededRandom(from + 1);
    for (let first = from; first < to; first += 100) {
      const vectors = Array.from({ length: Math.min(100, to - first) }, (_, i) => ({
        id: `${first + i}`,
        vector: randomVector(random, dimensions),
        metadata: { label: `class-${(first + i) % 10}` },
      }));
      const settled = await this.upsert(model, vectors);
      if ('code' in settled) throw new Error(settled.detail);
    }
  }

  async repeat(query: StoreQuery, options: StoreSearchOptions, times: number): Promise<void> {
    for (let i = 0; i < times; i++) await this.search(query, options);
  }
}

for (const [each, runtime] of [
  [app, workerdRuntime],
  [stock, stockRuntime],
  [logging, workerdRuntime],
] as const) {
  // The app has middleware on its own routes only.
  each.use('/bench/run', models({ runtime, codecs, waitUntil }, undefined));

  /** Runs the network on the body, `?batch=` images of the model's size, `?n=` times. */
  each.post('/bench/run', async (c) => {
    const body = new Uint8Array(await c.req.arrayBuffer());
    const batch = Number(c.req.query('batch') ?? 1);
    return c.var.models.use(c.req.query('model'), async (model) => {
      const images = Array.from({ length: batch }, () => body);
      for (let i = Number(c.req.query('n')); i > 0; i--) await model.run(images);
      return c.text('done');
    });
  });

  /** Answers a classify request for the body `?n=` times: routing, decoding, resizing, the run, and JSON. */
  each.post('/bench/classify', async (c) => {
    const body = await c.req.arrayBuffer();
    const headers = { 'content-type': c.req.header('content-type') ?? '' };
    for (let i = Number(c.req.query('n')); i > 0; i--) {
      const answer = await each.request('/v1/classify', { method: 'POST', body, headers }, c.env);
      await answer.arrayBuffer();
    }
    return c.text('done');
  });
}

/** Makes the pixels of the network out of the JPEG in the body `?n=` times; decodes it whole where `?whole=` says so. */
app.post('/bench/prepare', async (c) => {
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  const input = { width: 32, height: 32 };
  for (let i = Number(c.req.query('n')); i > 0; i--)
    if (c.req.query('whole')) fitPixels(await codecs.jpeg(bytes), input);
    else await prepareImage(bytes, input, codecs);
  return c.text('done');
});

/** The kernel that scans the vectors here. */
app.get('/bench/kernel', (c) =>
  c.text(createRows(1).constructor === createRows(1, null).constructor ? 'plain' : 'simd'),
);

/** Adds the vectors `?from=` to `?to=`. */
app.post('/bench/fill', async (c) => {
  const { from, to, dimensions } = c.req.query();
  await objectOf(c.env).fill(Number(from), Number(to), Number(dimensions));
  return c.text('done');
});

/** Searches for the `?seed=`th query `?n=` times inside the object. */
app.post('/bench/search', async (c) => {
  const { n, seed, dimensions, label } = c.req.query();
  const vector = randomVector(seededRandom(Number(seed)), Number(dimensions));
  const options = { topK: 10, filter: label === undefined ? undefined : { label } };
  await objectOf(c.env).repeat({ model, vector }, options, Number(n));
  return c.text('done');
});

function objectOf({ VECTORS }: { VECTORS?: unknown }): VectorNamespace {
  return (VECTORS as { getByName(name: string): VectorNamespace }).getByName('bench');
}

/** The header `x-app` chooses: `stock` runs the whole of onnxruntime-web, `logging` has the log of a deployment. */
export default {
  fetch(request: Request, env: Bindings) {
    const wanted = request.headers.get('x-app');
    return (wanted === 'stock' ? stock : wanted === 'logging' ? logging : app).fetch(request, env);
  },
};
