import { UnlabelError } from '../../contract/errors.ts';
import { fetchAsset } from '../assets.ts';
import type { RequestContext } from '../environment.ts';
import { countRequest } from '../middleware/rate-limit.ts';

/** Models and runtime are assets too, but have routes of their own. */
const routed = /^(v1|models|runtime)$/i;

/**
 * Answers what no route does: the pages.
 * @throws UnlabelError `not_found`, `rate_limited`.
 */
export async function answerPage(c: RequestContext): Promise<Response> {
  await countRequest(c);
  const { method } = c.req;
  // As it was sent: `%2F` in a decoded path would be a folder.
  const path = new URL(c.req.url).pathname.slice(1);
  const names = path === '' ? [] : path.split('/');
  if (/^(GET|HEAD)$/.test(method) && !routed.test(names[0] ?? '')) {
    const headers = new Headers(c.req.raw.headers);
    const page = await fetchAsset(c.env.ASSETS, names, { method, headers, redirect: 'manual' });
    if (page) return new Response(page.body, page);
  }
  throw new UnlabelError('not_found', `There is no ${method} ${c.req.path.slice(0, 100)}`);
}
