import { UnlabelError } from '../../contract/errors.ts';
import type { App } from '../environment.ts';

/**
 * The runtime that a page loads beside a model, for pages of any origin. The folder names its version, so an address
 * never serves anything else. It goes as Brotli, at a fifth of its size, to whoever takes that.
 */
export function addRuntime(app: App): void {
  app.get('/runtime/:version/:file{[\\w.-]+\\.wasm}', async (c) => {
    const { version, file } = c.req.param();
    const encodings = c.req.header('accept-encoding') ?? '';
    const get = (suffix: string) =>
      c.env.ASSETS.fetch(new Request(`https://assets.invalid/runtime/${version}/${file}${suffix}`));
    const small = /\bbr\b/.test(encodings) ? await get('.br') : undefined;
    const answer = small?.ok ? small : await get('');
    if (!answer.ok)
      throw new UnlabelError('not_found', 'This deployment has another version of the runtime', {
        field: 'version',
      });
    return new Response(answer.body, {
      headers: {
        'content-type': 'application/wasm',
        'cache-control': 'public, max-age=31536000, immutable',
        'cross-origin-resource-policy': 'cross-origin',
        vary: 'accept-encoding',
        ...(small?.ok && { 'content-encoding': 'br' }),
      },
      // The bytes are encoded already. Only workerd knows, and needs, this member.
      ...{ encodeBody: 'manual' },
    });
  });
}
