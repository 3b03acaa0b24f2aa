import { UnlabelError } from '../../contract/errors.ts';
import type { App } from '../environment.ts';

/**
 * The runtime that a page loads beside a model, for pages of any origin. The folder names its version, so an address
 * never serves anything else. It is kept and sent as Brotli, a fifth of its size, which every browser takes where it
 * may run models at all (https, localhost).
 */
export function addRuntime(app: App): void {
  app.get('/runtime/:version/:file{[\\w.-]+\\.wasm}', async (c) => {
    const { version, file } = c.req.param();
    const { ok, body } = await c.env.ASSETS.fetch(
      new Request(`https://assets.invalid/runtime/${version}/${file}.br`),
    );
    if (!ok)
      throw new UnlabelError('not_found', 'This deployment has another version of the runtime', {
        field: 'version',
      });
    return new Response(body, {
      headers: {
        'content-type': 'application/wasm',
        'content-encoding': 'br',
        'cache-control': 'public, max-age=31536000, immutable',
        'cross-origin-resource-policy': 'cross-origin',
      },
      // Do not encode the bytes once more. Only workerd knows, and needs, this member.
      ...{ encodeBody: 'manual' },
    });
  });
}
