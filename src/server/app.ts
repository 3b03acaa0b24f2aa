import { OpenAPIHono } from '@hono/zod-openapi';
import { cors } from 'hono/cors';
import { requestId } from 'hono/request-id';
import { UnlabelError } from '../contract/errors.ts';
import type { App, Environment } from './environment.ts';
import { checkKey, findKey } from './middleware/api-key.ts';
import { capacity } from './middleware/capacity.ts';
import { type LogLine, logRequests, logToConsole } from './middleware/log.ts';
import { models } from './middleware/models.ts';
import { problemOf } from './middleware/problem.ts';
import { rateLimit } from './middleware/rate-limit.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { serverTiming } from './middleware/server-timing.ts';
import type { Platform } from './platform.ts';
import { addClasses } from './routes/classes.ts';
import { addClassify } from './routes/classify.ts';
import { addEmbeddings } from './routes/embeddings.ts';
import { addHealth } from './routes/health.ts';
import { addIndex } from './routes/index-file.ts';
import { addModels } from './routes/models.ts';
import { addOtherMethods } from './routes/other-methods.ts';
import { addRuntime } from './routes/runtime.ts';
import { addSearch } from './routes/search.ts';
import { addVectors } from './routes/vectors.ts';

/** Settings of {@link createAppOn}. */
export interface AppOptions {
  /**
   * Origins whose pages may call the API. Default: those of the binding `ALLOWED_ORIGINS`, or all.
   */
  origins?: string | string[] | undefined;
  /** Called with a line for every request. Default: writes it to the console, as JSON. */
  log?: ((line: LogLine) => void) | undefined;
}

/** Makes the HTTP application for a platform. Its models stay loaded as long as it lives: make one, not one a request. */
export function createAppOn(platform: Platform, { origins, log = logToConsole }: AppOptions = {}): App {
  const app: App = new OpenAPIHono<Environment>({
    defaultHook: (result) => {
      const issue = result.success ? undefined : result.error.issues[0];
      if (!issue) return;
      throw new UnlabelError('invalid_parameter', issue.message, { field: issue.path.join('.') });
    },
  });

  app.use(requestId(), logRequests(log), securityHeaders);
  app.use((c, next) => {
    const origin = origins ?? c.env.ALLOWED_ORIGINS?.trim().split(/\s+/) ?? '*';
    const exposeHeaders = ['x-request-id', 'retry-after', 'etag', 'server-timing'];
    return cors({ origin, exposeHeaders, maxAge: 86_400 })(c, next);
  });
  app.use(models(platform));
  app.use('/v1/*', serverTiming, capacity(platform), findKey, rateLimit, checkKey());

  addClassify(app, platform.codecs);
  addEmbeddings(app, platform.codecs);
  addSearch(app, platform.codecs);
  addVectors(app, platform.codecs);
  addIndex(app);
  addClasses(app, platform.codecs);
  addModels(app);
  addRuntime(app);
  addHealth(app);
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Unlabel',
      version: '1',
      description: 'Classes and embeddings of images, from networks that learned them without labels.',
    },
  });
  addOtherMethods(app);

  app.onError((error, c) => problemOf(error, c));
  app.notFound(async (c) => {
    // The pages. Models and runtime are assets too, but have routes of their own.
    if (c.req.method === 'GET' && !/^\/(v1|models|runtime)(\/|$)/.test(c.req.path)) {
      const page = await c.env.ASSETS.fetch(c.req.raw);
      if (page.status !== 404) return new Response(page.body, page);
    }
    throw new UnlabelError('not_found', `There is no ${c.req.method} ${c.req.path}`);
  });
  return app;
}
