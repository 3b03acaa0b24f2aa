/** The deployment with networks that the trimmed runtime was not made for; under `/stock`, on the stock runtime. */
import { type Bindings, createApp } from '../../src/server.ts';
import { stockRuntime } from '../../src/server-stock.ts';
import { foreignModels } from './foreign-models.ts';

export { ClassSets, VectorNamespace } from '../../src/server.ts';

const apps = { trimmed: createApp(), stock: createApp({ runtime: stockRuntime }) };

export default {
  fetch(request: Request, env: Bindings) {
    const assets = async (asset: Request) => (await foreignModels(asset.url)) ?? env.ASSETS.fetch(asset);
    const url = new URL(request.url);
    const isStock = url.pathname.startsWith('/stock/');
    url.pathname = url.pathname.replace(/^\/stock/, '');
    return apps[isStock ? 'stock' : 'trimmed'].fetch(new Request(url, request), {
      ...env,
      ASSETS: { fetch: assets },
    });
  },
};
