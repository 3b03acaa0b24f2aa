import { UnlabelError } from '../../contract/errors.ts';
import { fetchAsset } from '../assets.ts';
import type { App, RequestContext } from '../environment.ts';

/** Adds the pages: the demo at the root, the API reference at `/docs`, and their files. Their links are relative. */
export function addPages(app: App): void {
  app.get('/', answerRoot);
  app.get('/docs', (c) => answerPage(c, 'docs.html'));
  app.get('/pages/:file{[\\w-][\\w.-]*}', (c) => {
    const { file } = c.req.param();
    // A page has other relative links at its own address.
    if (file.endsWith('.html')) throw notFound(c);
    return answerPage(c, file);
  });
}

/** Answers with the demo page; below a prefix at an address that ends in a slash. */
export async function answerRoot(c: RequestContext): Promise<Response> {
  if (!c.req.path.endsWith('/')) return c.redirect(`${c.var.mount}/`, 308);
  return answerPage(c, 'demo.html');
}

async function answerPage(c: RequestContext, file: string): Promise<Response> {
  const { method, raw } = c.req;
  const page = await c.var.assets(['pages', file], { method, headers: new Headers(raw.headers) });
  if (!page) throw notFound(c);
  return new Response(page.body, page);
}

/**
 * Answers what no route does with a static asset beside those of the app.
 * @param folder - of the assets, which has those of the app. Default: none.
 * @throws UnlabelError `not_found`.
 */
export async function answerFile(c: RequestContext, folder: string | undefined): Promise<Response> {
  const { method } = c.req;
  // As it was sent: `%2F` in a decoded path would be a folder.
  const path = new URL(c.req.url).pathname.slice(1);
  const names = path === '' ? [] : path.split('/');
  // Models and runtime are assets too, but have routes of their own.
  const isOwn = ['v1', folder ?? 'models', folder ?? 'runtime'].includes(names[0]?.toLowerCase() ?? '');
  if (/^(GET|HEAD)$/.test(method) && !isOwn) {
    const headers = new Headers(c.req.raw.headers);
    const file = await fetchAsset(c.env.ASSETS, names, { method, headers, redirect: 'manual' });
    if (file) return new Response(file.body, file);
  }
  throw notFound(c);
}

export function notFound(c: RequestContext): UnlabelError {
  return new UnlabelError('not_found', `There is no ${c.req.method} ${c.req.path.slice(0, 100)}`);
}
