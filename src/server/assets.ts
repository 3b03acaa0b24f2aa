import type { Bindings } from './platform.ts';

/** A folder or file name that stays one segment of a path, whatever decodes it: no `%`, no `/`, no leading dot. */
const segment = /^[\w-][\w.-]*$/;

/**
 * Fetches a static asset: the only way to `ASSETS`, so that no decoded parameter of a request becomes another path.
 * @param path - names of folders and of the file; none for the start page.
 * @param init - of the request. Default: GET.
 * @returns undefined where a name is none, or the asset does not exist.
 */
export async function fetchAsset(
  assets: Bindings['ASSETS'],
  path: readonly string[],
  init: RequestInit = {},
): Promise<Response | undefined> {
  if (!path.every((name) => segment.test(name))) return undefined;
  const answer = await assets.fetch(new Request(`https://assets.invalid/${path.join('/')}`, init));
  return answer.status === 404 ? undefined : answer;
}

/** Fetches a file of the app's own assets, see {@link fetchAsset}. */
export type OwnAssets = (path: readonly string[], init?: RequestInit) => Promise<Response | undefined>;

/** @param folder - of the assets, in which the app's own are. Default: none. */
export function ownAssets(assets: Bindings['ASSETS'], folder: string | undefined): OwnAssets {
  return async (path, init) => {
    const answer = await fetchAsset(assets, folder === undefined ? path : [folder, ...path], init);
    const isPage = answer?.headers.get('content-type')?.startsWith('text/html');
    // For what is missing, the assets of a single-page application answer with its page.
    return isPage && !path.at(-1)?.endsWith('.html') ? undefined : answer;
  };
}
