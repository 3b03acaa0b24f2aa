import { createMiddleware } from 'hono/factory';
import { Galleries } from '../galleries.ts';
import { ModelRegistry } from '../model-registry.ts';
import type { Bindings, Platform } from '../platform.ts';

/** Set by {@link models}. */
export interface ModelVariables {
  models: ModelRegistry;
  galleries: Galleries;
}

/** Gives requests the models of the deployment, which stay loaded for the life of the app. */
export function models(platform: Platform) {
  let variables: ModelVariables | undefined;
  return createMiddleware<{ Bindings: Bindings; Variables: ModelVariables }>(async (c, next) => {
    if (!variables) {
      const models = new ModelRegistry(platform, c.env.ASSETS, c.env.DEFAULT_MODEL);
      variables = { models, galleries: new Galleries(models) };
    }
    c.set('models', variables.models);
    c.set('galleries', variables.galleries);
    await next();
  });
}
