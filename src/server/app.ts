import { OpenAPIHono } from '@hono/zod-openapi';
import { requestId } from 'hono/request-id';
import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import type { App, Environment } from './environment.ts';
import { checkKey, findKey } from './middleware/api-key.ts';
import { cacheControl } from './middleware/cache-control.ts';
import { capacity } from './middleware/capacity.ts';
import { knownNamespaces } from './middleware/known-namespaces.ts';
import { type LogLine, logRequests, logToConsole } from './middleware/log.ts';
import { models } from './middleware/models.ts';
import { origins as originsOf } from './middleware/origins.ts';
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
import { addOpenApi } from './routes/openapi/document.ts';
import { addOtherMethods } from './routes/other-methods.ts';
import { answerPage } from './routes/pages.ts';
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

  app.use(requestId({ limitLength: limits.requestIdLength }), logRequests(log), securityHeaders);
  app.use(originsOf(origins), models(platform), knownNamespaces());
  app.use('/v1/*', cacheControl, serverTiming, capacity(platform), findKey, rateLimit, checkKey());
  for (const path of ['/runtime/*', '/ready', '/openapi.json']) app.use(path, rateLimit);

  addClassify(app, platform.codecs);
  addEmbeddings(app, platform.codecs);
  addSearch(app, platform.codecs);
  addVectors(app, platform.codecs);
  addIndex(app);
  addClasses(app, platform.codecs);
  addModels(app);
  addRuntime(app);
  addHealth(app);
  addOpenApi(app);
  addOtherMethods(app);

  app.onError((error, c) => problemOf(error, c));
  app.notFound(answerPage);
  return app;
}
