import { UnlabelError } from '../../contract/errors.ts';
import type { App } from '../environment.ts';

/**
 * Adds `GET /runtime/:version/:file`: the runtime that a page of any origin loads beside a model. The path has its
 * version, so its content never changes. It is stored and sent as Brotli, a fifth of its size: every browser accepts it
 * on the origins that may run models at all (https, localhost).
 */
export function addRuntime(app: App): void {
  app.get('/runtime/:version{[\\w-][\\w.-]*}/:file{[\\w-][\\w.-]*\\.wasm}', async (c) => {
    const { version, file } = c.req.param();
    const asset = await c.var.assets(['runtime', version, `${file}.br`]);
    if (!asset?.ok)
      throw new UnlabelError('not_found', 'This deployment has another version of the runtime', {
        field: 'version',
      });
    return new Response(asset.body, {
      headers: {
        'content-type': 'application/wasm',
        'content-encoding': 'br',
        'cache-control': 'public, max-age=31536000, immutable',
        'cross-origin-resource-policy': 'cross-origin',
      },
      // Stops workerd from encoding the bytes again.
      ...{ encodeBody: 'manual' },
    });
  });
}
