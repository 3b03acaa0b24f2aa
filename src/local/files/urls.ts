import { galleryNamespace } from '../../contract/limits.ts';
import type { ModelFile } from '../../contract/manifest.ts';
import type { LocalOptions } from '../options.ts';

/** Where all that an engine needs is. */
export interface Places {
  readonly manifest: URL;
  /** The weights' address names their content: it never serves anything else. */
  weights(file: ModelFile): URL;
  /** @param version - of onnxruntime-web. */
  runtime(version: string, file: string): URL;
  /** A namespace of the deployment as one file. @param model - whose gallery, if it is that. */
  index(namespace: string, model: string): URL;
}

/** @throws TypeError for an invalid address. */
export function locate({ model, baseUrl = '/', runtimeUrl }: LocalOptions): Places {
  const base = folder(new URL(baseUrl, globalThis.location?.href));
  const manifest =
    model instanceof URL || model.includes('/')
      ? new URL(model, globalThis.location?.href)
      : new URL(`v1/models/${encodeURIComponent(model)}`, base);
  return {
    manifest,
    weights({ file, sha256 }) {
      const url = new URL(
        encodeURIComponent(file),
        manifest.pathname.endsWith('.json') ? manifest : folder(manifest),
      );
      url.searchParams.set('sha256', sha256);
      return url;
    },
    index(namespace, model) {
      const url = new URL(`v1/index/${encodeURIComponent(namespace)}`, base);
      if (namespace === galleryNamespace) url.searchParams.set('model', model);
      return url;
    },
    runtime: (version, file) =>
      runtimeUrl === undefined
        ? new URL(`runtime/${version}/${file}`, base)
        : new URL(file, folder(new URL(runtimeUrl, globalThis.location?.href))),
  };
}

function folder(url: URL): URL {
  const copy = new URL(url);
  if (!copy.pathname.endsWith('/')) copy.pathname += '/';
  return copy;
}
