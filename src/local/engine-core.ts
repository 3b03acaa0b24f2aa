import type { ClassifyOptions } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import { checkFilter } from '../contract/filter.ts';
import type { ImageSource } from '../contract/image-source.ts';
import { defaultTopK, limits, topKRange } from '../contract/limits.ts';
import type { ImageOptions, ListOptions, Settled } from '../contract/model.ts';
import type { Moving, WatchOptions } from '../contract/resources/watch.ts';
import { checkLabels, checkMinScore } from '../contract/rules/known.ts';
import { readRegion } from '../contract/rules/region.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../contract/vectors.ts';
import { classify } from '../inference/classify.ts';
import { embed } from '../inference/embed.ts';
import { abortable } from '../util/abortable.ts';
import { countDone } from '../util/count-done.ts';
import { singleFlight } from '../util/single-flight.ts';
import { timeout } from '../util/timeout.ts';
import type { Deployment } from './files/deployment.ts';
import { pageLimits } from './limits.ts';
import type { LookupOptions } from './lookup/classify.ts';
import { createNetwork, type InferOptions, withSignal } from './network.ts';
import type { EngineOptions, LocalEngine } from './options.ts';
import { createResources } from './resources.ts';
import { isList, withEachTaken, withTaken } from './take-call.ts';

/**
 * Makes an engine of a deployment, and starts to load its model.
 *
 * @param deployment - undefined where no engine can run: nothing is loaded then, and calls are refused.
 */
export function createEngineOf<Model extends string>(
  deployment: Deployment | undefined,
  options: EngineOptions,
): LocalEngine<Model> {
  const lifetime = new AbortController();
  const { signal: ended } = lifetime;
  const network = createNetwork<Model>(() => requireHere(deployment), options, ended);

  /** Takes the images of a call, and gives one answer for one image. */
  async function forImages<Result>(
    images: ImageSource | readonly ImageSource[],
    { signal, settled, onAnswers }: InferOptions & Partial<Settled>,
    call: (images: ImageSource[], nameOf: (index: number) => string) => Promise<Result[]>,
  ): Promise<Result | Result[] | PromiseSettledResult<Result>[]> {
    requireHere(deployment);
    if (settled && isList(images, 'images'))
      return withEachTaken(images, 'images', signal, call, () => onAnswers?.(1));
    const results = await withTaken(images, 'images', signal, call);
    return isList(images, 'images') ? results : (results[0] as Result);
  }

  async function classifyImages(
    images: ImageSource | readonly ImageSource[],
    options: ClassifyOptions & LookupOptions & ListOptions & Partial<Settled> = {},
  ) {
    const { topK = defaultTopK, minScore, method = 'network', classes } = options;
    if (!Number.isInteger(topK) || topK < 1 || topK > limits.topK)
      throw new UnlabelError('invalid_parameter', topKRange, { field: 'topK' });
    checkMinScore(minScore);
    checkLabels(options.labels);
    if (method !== 'network' && method !== 'neighbors')
      throw new UnlabelError('invalid_parameter', 'method must be network or neighbors', { field: 'method' });
    const choice = { topK, minScore, labels: options.labels && [...options.labels] };
    const signal = withSignal(options.signal, ended);
    const onAnswers = counterOf(images, options);
    const own = { ...options, signal, region: readRegion(options.region), onAnswers };
    return forImages(images, own, async (taken, nameOf) => {
      if (classes !== undefined || method === 'neighbors')
        return (await loadLookup(signal)).classify(taken, own, choice, nameOf);
      return network.infer(taken, own, nameOf, (network, batch) => classify(network, batch, choice));
    });
  }

  function embedTaken(
    images: readonly ImageSource[],
    options: InferOptions,
    nameOf: (index: number) => string,
  ) {
    return network.infer(images, options, nameOf, async (network, batch) =>
      (await embed(network, batch)).map((embedding) => ({ embedding, dimensions: embedding.length })),
    );
  }

  async function embedImages(
    images: ImageSource | readonly ImageSource[],
    options: ImageOptions & ListOptions & Partial<Settled> = {},
  ) {
    const region = readRegion(options.region);
    const onAnswers = counterOf(images, options);
    const own = { ...options, region, signal: withSignal(options.signal, ended), onAnswers };
    return forImages(images, own, (taken, nameOf) => embedTaken(taken, own, nameOf));
  }

  /** The code of lookups is loaded by the first one. */
  const importLookup = singleFlight(async () => {
    const deployed = requireHere(deployment);
    const late = () => new Error('no answer');
    const { createLookup } = await timeout(import('./lookup/lookup.ts'), pageLimits.stallMs, late).catch(
      (cause) => {
        const message = `The code of lookups cannot be loaded: ${(cause as Error).message}`;
        throw new UnlabelError('model_unavailable', message, { cause });
      },
    );
    const parts = { embed: embedTaken, open: network.load };
    return createLookup<Model>(parts, deployed, withSignal(options.signal, ended));
  });
  const loadLookup = (signal: AbortSignal) => abortable(importLookup(), signal);

  async function search(
    query: SearchQuery<ImageSource> | readonly SearchQuery<ImageSource>[],
    { settled, ...options }: SearchOptions & Partial<Settled> = {},
  ) {
    requireHere(deployment);
    const signal = withSignal(options.signal, ended);
    const own = { ...options, signal, region: readRegion(options.region) };
    if (own.filter !== undefined) {
      checkFilter(own.filter);
      own.filter = structuredClone(own.filter);
    }
    type Query = SearchQuery<ImageSource>;
    const call = async (queries: Query[], nameOf: (index: number) => string) =>
      (await loadLookup(signal)).search(queries, own, nameOf);
    const isMany = isList<Query>(query, 'queries');
    if (settled && isMany) return withEachTaken(query, 'queries', signal, call);
    const results = await withTaken<Query, SearchResult<Model>[]>(query, 'queries', signal, call);
    return isMany ? results : (results[0] as SearchResult<Model>);
  }

  // Awaiting callers get the error.
  if (deployment) network.load().catch(() => {});
  return {
    get ready() {
      return network.load().then(() => {});
    },
    get device() {
      return network.opened?.device;
    },
    get thread() {
      return network.opened?.thread;
    },
    get reason() {
      return network.opened?.reason;
    },
    get manifest() {
      return network.opened?.manifest;
    },
    get persistent() {
      return loadLookup(ended).then(({ isPersistent }) => isPersistent);
    },
    classify: classifyImages as LocalEngine<Model>['classify'],
    embed: embedImages as LocalEngine<Model>['embed'],
    search: search as LocalEngine<Model>['search'],
    async *watch(source: Moving<ImageSource>, options: WatchOptions = {}) {
      const { watch } = await import('../image/watch-web.ts');
      yield* watch({ classify: classifyImages as LocalEngine<Model>['classify'] }, source, options);
    },
    ...createResources({
      load: loadLookup,
      signalOf: ({ signal }) => withSignal(signal, ended),
      search: search as LocalEngine['search'],
    }),
    dispose() {
      lifetime.abort(new UnlabelError('model_unavailable', 'The engine has been disposed'));
      network.dispose();
    },
  };
}

function counterOf(images: ImageSource | readonly ImageSource[], { onProgress }: ListOptions) {
  return countDone(isList(images, 'images') ? images.length : 1, onProgress);
}

function requireHere(deployment: Deployment | undefined): Deployment {
  if (deployment) return deployment;
  throw new UnlabelError(
    'not_supported',
    'createLocalEngine of unlabel/local runs in browsers with createImageBitmap and OffscreenCanvas, and in their Workers. On a server use createClient, or createLocalEngine of unlabel/node',
  );
}
