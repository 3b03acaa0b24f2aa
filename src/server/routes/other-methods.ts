import { UnlabelError } from '../../contract/errors.ts';
import type { App } from '../environment.ts';

/** Answers other methods on the routes added so far with 405 and `Allow` (RFC 9110, 15.5.6). Add it last. */
export function addOtherMethods(app: App): void {
  const routes = app.routes.filter(({ method }) => method !== 'ALL');
  for (const [path, same] of Map.groupBy(routes, ({ path }) => path)) {
    const methods = new Set(same.map(({ method }) => method));
    if (methods.has('GET')) methods.add('HEAD');
    const allowed = [...methods].join(', ');
    app.all(path, (c) => {
      c.header('allow', allowed);
      throw new UnlabelError('method_not_allowed', `${c.req.path} takes ${allowed}, not ${c.req.method}`);
    });
  }
}
