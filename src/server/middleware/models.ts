import { createMiddleware } from 'hono/factory';
import { type OwnAssets, ownAssets } from '../assets.ts';
import { Galleries } from '../galleries.ts';
import { ModelRegistry } from '../model-registry.ts';
import type { Bindings, Platform } from '../platform.ts';

/** Set by {@link models}. */
export interface ModelVariables {
  /** The static assets of the app. */
  assets: OwnAssets;
  models: ModelRegistry;
  galleries: Galleries;
}

/**
 * Gives requests the static assets and the models of the deployment, which stay loaded for the life of the app.
 * @param folder - of the assets, in which those of the app are. Default: none.
 */
export function models(platform: Platform, folder: string | undefined) {
  let variables: Omit<ModelVariables, 'assets'> | undefined;
  return createMiddleware<{ Bindings: Bindings; Variables: ModelVariables }>(async (c, next) => {
    const assets = ownAssets(c.env.ASSETS, folder);
    if (!variables) {
      const models = new ModelRegistry(platform, assets, c.env.DEFAULT_MODEL);
      variables = { models, galleries: new Galleries(models) };
    }
    c.set('assets', assets);
    c.set('models', variables.models);
    c.set('galleries', variables.galleries);
    await next();
  });
}
