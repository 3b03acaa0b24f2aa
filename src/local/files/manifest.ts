import { UnlabelError } from '../../contract/errors.ts';
import type { Manifest } from '../../contract/manifest.ts';
import { parseManifest } from '../../inference/manifest.ts';
import type { Stored } from './cache.ts';
import { checkAnswer, unreachable } from './responses.ts';

/** Milliseconds to wait for the network where there is a stored copy to fall back on. */
const patience = 5_000;

/**
 * Gets a manifest: from the network, so that a new version of the model is seen; the stored copy where the network
 * fails, is slow or answers 5xx.
 * @throws UnlabelError `model_not_found`, `unauthorized`, `forbidden` or `model_unavailable`.
 */
export async function getManifest(
  url: URL,
  { stored, headers, signal }: { stored: Stored; headers: HeadersInit; signal: AbortSignal },
): Promise<Manifest> {
  const copy = await stored.get(url);
  try {
    const limit = copy ? AbortSignal.any([signal, AbortSignal.timeout(patience)]) : signal;
    const response = checkAnswer(
      await fetch(url, { headers, signal: limit, cache: 'no-cache' }),
      'The manifest',
    );
    const text = await response.clone().text();
    const manifest = parseManifest(text);
    void stored.put(url, response);
    return manifest;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UnlabelError && error.code !== 'model_unavailable') throw error;
    if (copy) return parseManifest(await copy.text());
    throw error instanceof UnlabelError ? error : unreachable('The manifest', error);
  }
}
