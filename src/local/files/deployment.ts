import { UnlabelError } from '../../contract/errors.ts';
import { galleryNamespace } from '../../contract/limits.ts';
import type { ModelFile } from '../../contract/manifest.ts';
import type { LocalOptions } from '../options.ts';
import type { FileCache } from './cache.ts';

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
  /** The API key for an address: only for addresses of the origin of `baseUrl`. */
  keyFor(url: URL): string | undefined;
  /** Tells the reader of an error that the key was not sent to an address. */
  keyHint(url: URL): string;
  readonly cache: FileCache;
}

/** The addresses among the options of an engine, and the key for them. */
export type DeploymentOptions = Pick<LocalOptions, 'model' | 'baseUrl' | 'runtimeUrl' | 'apiKey'>;

/** @throws UnlabelError `invalid_parameter` for an invalid address. */
export function deploymentOf(
  { model, baseUrl = '/', runtimeUrl, apiKey }: DeploymentOptions,
  cache: FileCache,
): Deployment {
  const base = asFolder(resolve('baseUrl', baseUrl));
  const manifestUrl =
    model instanceof URL || model.includes('/')
      ? resolve('model', model)
      : new URL(`v1/models/${encodeURIComponent(model)}`, base);
  const modelFolder = manifestUrl.pathname.endsWith('.json') ? manifestUrl : asFolder(manifestUrl);
  const runtimeFolder = runtimeUrl === undefined ? undefined : asFolder(resolve('runtimeUrl', runtimeUrl));
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
      runtimeFolder ? new URL(file, runtimeFolder) : new URL(`runtime/${version}/${file}`, base),
    keyFor: ({ origin }) => (origin === base.origin ? apiKey : undefined),
    keyHint: ({ origin }) =>
      apiKey && origin !== base.origin
        ? ` (the API key is sent to the origin of baseUrl only, which is ${base.origin})`
        : '',
    cache,
  };
}

/** An address that may be relative to the page's. */
function resolve(field: string, address: string | URL): URL {
  // `fetch` refuses an address with a user name and password, which a relative one would get from the page's.
  const page = parse(globalThis.location?.href ?? '');
  if (page) page.username = page.password = '';
  const url = parse(`${address}`, page);
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password) return url;
  const got = url?.username || url?.password ? `one with them at ${url.host}` : `'${address}'`;
  throw new UnlabelError(
    'invalid_parameter',
    `${field} must be an http or https address without user name and password, or relative to the page's; got ${got}`,
    { field },
  );
}

function parse(address: string, base?: URL): URL | undefined {
  try {
    return new URL(address, base);
  } catch {
    return undefined;
  }
}

function asFolder(url: URL): URL {
  const copy = new URL(url);
  if (!copy.pathname.endsWith('/')) copy.pathname += '/';
  return copy;
}
