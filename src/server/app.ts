import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { every } from 'hono/combine';
import { requestId } from 'hono/request-id';
import { TrieRouter } from 'hono/router/trie-router';
import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import type { App, Environment, RequestContext } from './environment.ts';
import { checkKey, findKey } from './middleware/api-key.ts';
import { cacheControl } from './middleware/cache-control.ts';
import { capacity } from './middleware/capacity.ts';
import { knownNamespaces } from './middleware/known-namespaces.ts';
import { type LogLine, logRequests, logToConsole } from './middleware/log.ts';
import { models } from './middleware/models.ts';
import { origins as originsOf } from './middleware/origins.ts';
import { problemOf, problems } from './middleware/problem.ts';
import { rateLimit } from './middleware/rate-limit.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { serverTiming } from './middleware/server-timing.ts';
import { mount, mountOf } from './mount.ts';
import type { Platform } from './platform.ts';
import { addClasses } from './routes/classes.ts';
import { addClassify } from './routes/classify.ts';
import { addEmbeddings } from './routes/embeddings.ts';
import { addHealth } from './routes/health.ts';
import { addIndex } from './routes/index-file.ts';
import { addModels } from './routes/models.ts';
import { addOpenApi } from './routes/openapi/document.ts';
import { addOtherMethods } from './routes/other-methods.ts';
import { addPages, answerFile, answerRoot, notFound } from './routes/pages.ts';
import { addRuntime } from './routes/runtime.ts';
import { addSearch } from './routes/search.ts';
import { addAliases } from './routes/vectors/aliases.ts';
import { addVectorUpkeep } from './routes/vectors/upkeep.ts';
import { addVectors } from './routes/vectors/vectors.ts';

/** Settings of {@link createAppOn}. */
export interface AppOptions {
  /**
   * Origins whose pages may call the API. Default: those of the binding `ALLOWED_ORIGINS`, or all.
   */
  origins?: string | string[] | undefined;
  /** Called with a line for every request. Default: writes it to the console, as JSON. */
  log?: ((line: LogLine) => void) | undefined;
  /**
   * Whether the app has pages: the demo at its root, and the API reference at `/docs`.
   * @default true
   */
  pages?: boolean | undefined;
  /**
   * Folder of the static assets that has those of the package, as `unlabel-server assets --folder NAME` puts them. Default:
   * they are at the top.
   */
  assets?: string | undefined;
}

/**
 * Makes the HTTP application for a platform. Its models stay loaded as long as it lives: make one, not one a request.
 *
 * It may be mounted in another Hono app, and touches nothing but its own routes there. At the root, what it has no route for
 * is the other app's; below a prefix, it is a problem (404).
 */
export function createAppOn(
  platform: Platform,
  { origins, log = logToConsole, pages = true, assets }: AppOptions = {},
): App {
  const routes: App = new OpenAPIHono<Environment>({
    defaultHook: (result) => {
      const issue = result.success ? undefined : result.error.issues[0];
      if (!issue) return;
      throw new UnlabelError('invalid_parameter', issue.message, { field: issue.path.join('.') });
    },
  });
  addClassify(routes, platform.codecs);
  addEmbeddings(routes, platform.codecs);
  addSearch(routes, platform.codecs);
  addVectors(routes, platform.codecs);
  addVectorUpkeep(routes);
  addAliases(routes);
  addIndex(routes);
  addClasses(routes, platform.codecs);
  addModels(routes);
  addRuntime(routes);
  addHealth(routes);
  addOpenApi(routes);
  if (pages) addPages(routes);
  addOtherMethods(routes);

  const everywhere: MiddlewareHandler[] = [
    requestId({ limitLength: limits.requestIdLength }),
    logRequests(log),
    securityHeaders,
    originsOf(origins),
    models(platform, assets),
    knownNamespaces(),
  ];
  const api: MiddlewareHandler[] = [
    cacheControl,
    serverTiming,
    capacity(platform),
    findKey,
    rateLimit,
    checkKey(),
  ];

  const guardsOf = (path: string) => (path.startsWith('/v1/') ? api : path === '/health' ? [] : [rateLimit]);

  // Hono's default router compiles all paths before a Worker's first answer.
  const app: App = new OpenAPIHono<Environment>({ router: new TrieRouter() });
  for (const path of new Set(routes.routes.map(({ path }) => path)))
    app.use(path, mount(path), ...everywhere, ...guardsOf(path));
  app.route('/', routes);

  /** Answers what has no route, with all that routes have around them. */
  const answer = async (c: RequestContext, handler: () => Promise<Response>) => {
    const guards = guardsOf(c.req.path.slice(mountOf(c, '*').length));
    await every(
      mount('*'),
      ...everywhere,
      problems,
      ...guards,
    )(c, async () => {
      c.res = await handler();
    });
    return c.res;
  };
  app.all('*', (c, next) => {
    const mounted = mountOf(c, '*');
    if (mounted === '') return next();
    return answer(c, async () => {
      if (pages && c.req.path === `${mounted}/`) return answerRoot(c);
      throw notFound(c);
    });
  });
  app.notFound((c) => answer(c, () => answerFile(c, assets)));
  app.onError((error, c) => problemOf(error, c));
  return app;
}
