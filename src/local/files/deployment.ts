import { galleryNamespace } from '../../contract/limits.ts';
import type { ModelFile } from '../../contract/manifest.ts';
import type { LocalOptions } from '../options.ts';
import { browserCache, type FileCache, noCache } from './cache.ts';

/** A deployment as an engine uses it: where its files are, how they are requested, and where they are kept. */
export interface Deployment {
  readonly manifestUrl: URL;
  /** The address includes the hash: it never serves other bytes. */
  weightsUrl(file: ModelFile): URL;
  /** @param version - of onnxruntime-web. */
  runtimeUrl(version: string, file: string): URL;
  /**
   * A namespace as one file.
   * @param model - whose gallery, if it is that namespace.
   */
  indexUrl(namespace: string, model: string): URL;
  /** Headers of requests for what the deployment may protect by an API key. */
  readonly headers: Headers;
  readonly cache: FileCache;
}

/** @throws TypeError for an invalid address. */
export function deploymentOf(options: LocalOptions): Deployment {
  const { model, baseUrl = '/', runtimeUrl, apiKey, cache = true } = options;
  const base = asFolder(resolve(baseUrl));
  const manifestUrl =
    model instanceof URL || model.includes('/')
      ? resolve(model)
      : new URL(`v1/models/${encodeURIComponent(model)}`, base);
  const modelFolder = manifestUrl.pathname.endsWith('.json') ? manifestUrl : asFolder(manifestUrl);
  return {
    manifestUrl,
    weightsUrl({ file, sha256 }) {
      const url = new URL(encodeURIComponent(file), modelFolder);
      url.searchParams.set('sha256', sha256);
      return url;
    },
    indexUrl(namespace, model) {
      const url = new URL(`v1/index/${encodeURIComponent(namespace)}`, base);
      if (namespace === galleryNamespace) url.searchParams.set('model', model);
      return url;
    },
    runtimeUrl: (version, file) =>
      runtimeUrl === undefined
        ? new URL(`runtime/${version}/${file}`, base)
        : new URL(file, asFolder(resolve(runtimeUrl))),
    headers: new Headers(apiKey ? { authorization: `Bearer ${apiKey}` } : undefined),
    cache: cache ? browserCache : noCache,
  };
}

/** An address that may be relative to the page's. */
function resolve(address: string | URL): URL {
  return new URL(address, globalThis.location?.href);
}

function asFolder(url: URL): URL {
  const copy = new URL(url);
  if (!copy.pathname.endsWith('/')) copy.pathname += '/';
  return copy;
}
