import { abortable } from '../../util/abortable.ts';
import type { MemoryIndex } from '../../vectors/memory-index.ts';
import { createClassCalls } from '../data/classes.ts';
import { openStore } from '../data/open-store.ts';
import { createOwnData } from '../data/own.ts';
import type { EngineParts } from '../data/sources.ts';
import { createVectorCalls } from '../data/vectors.ts';
import type { Deployment } from '../files/deployment.ts';
import { getIndex } from '../files/index-file.ts';
import { createClassify } from './classify.ts';
import { createSearch } from './search.ts';

/**
 * Searches, classifications with a lookup, and the page's own classes and vectors: code that an engine loads with the
 * first call of any of them.
 *
 * @param lifetime - ends downloads.
 */
export async function createLookup<Model extends string>(
  parts: EngineParts<Model>,
  deployment: Deployment,
  lifetime: AbortSignal,
) {
  const own = createOwnData(await openStore());
  const kept = new Map<string, Promise<MemoryIndex | undefined>>();
  const deployed = {
    async fetch(namespace: string, signal?: AbortSignal) {
      const { manifest } = await abortable(parts.open(), signal);
      return abortable(getIndex(deployment, namespace, manifest.name, lifetime), signal);
    },
    /** Loaded once, and again after a failure. */
    recall(namespace: string, signal?: AbortSignal): Promise<MemoryIndex | undefined> {
      const loaded = kept.get(namespace) ?? deployed.fetch(namespace);
      loaded.catch(() => kept.delete(namespace));
      kept.set(namespace, loaded);
      return abortable(loaded, signal);
    },
  };
  /** The page's own namespace where it has vectors, else the deployment's. */
  const indexOf = async (namespace: string, signal?: AbortSignal) =>
    (await abortable(own.index(namespace), signal)) ?? deployed.recall(await own.resolve(namespace), signal);
  return {
    isPersistent: own.store.isPersistent,
    search: createSearch(parts, indexOf),
    classify: createClassify(parts, own, indexOf),
    classes: createClassCalls(parts, own),
    vectors: createVectorCalls(parts, own, deployed),
  };
}

export type Lookup<Model extends string> = Awaited<ReturnType<typeof createLookup<Model>>>;
