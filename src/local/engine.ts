import type { ClassifyOptions } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import { checkFilter } from '../contract/filter.ts';
import type { ImageSource } from '../contract/image-source.ts';
import { defaultTopK, limits, topKRange } from '../contract/limits.ts';
import type { CallOptions, ModelName } from '../contract/model.ts';
import { checkLabels, checkMinScore } from '../contract/rules/known.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../contract/vectors.ts';
import { classify } from '../inference/classify.ts';
import { embed } from '../inference/embed.ts';
import { abortable } from '../util/abortable.ts';
import { singleFlight } from '../util/single-flight.ts';
import { timeout } from '../util/timeout.ts';
import { type Deployment, deploymentOf } from './files/deployment.ts';
import { pageLimits } from './limits.ts';
import type { LookupOptions } from './lookup/classify.ts';
import { anySignal, createNetwork } from './network.ts';
import type { LocalEngine, LocalOptions } from './options.ts';
import { createResources } from './resources.ts';
import { isList, withTaken } from './take-call.ts';

/**
 * Creates an engine that runs a model in this page, and starts to load it. It returns at once: calls wait for the
 * model, and {@link LocalEngine.ready} settles when it is loaded.
 *
 * ```ts
 * const engine = createLocalEngine({ model: 'cifar10', baseUrl: 'https://unlabel.example.workers.dev' });
 * const { predictions } = await engine.classify(file);
 * ```
 *
 * Needs a secure context (https or localhost), and for `unlabel/stock` and `unlabel/webgpu` the optional peer
 * `onnxruntime-web`. On a server nothing is loaded, so that a page may be rendered there; a call is refused.
 *
 * @throws UnlabelError `invalid_parameter` for an invalid address.
 */
export function createLocalEngine<Model extends ModelName = string>(
  options: LocalOptions<Model>,
): LocalEngine<Model> {
  // Here and not in `load`, so that an invalid address is thrown at once. A server has no address to resolve it by.
  const deployment = isBrowser() ? deploymentOf(options) : undefined;
  const lifetime = new AbortController();
  const { signal: ended } = lifetime;
  const network = createNetwork(() => requireBrowser(deployment), options, ended);

  /** Takes the images of a call, and gives one answer for one image. */
  async function forImages<Result>(
    images: ImageSource | readonly ImageSource[],
    signal: AbortSignal,
    call: (images: ImageSource[], nameOf: (index: number) => string) => Promise<Result[]>,
  ): Promise<Result | Result[]> {
    requireBrowser(deployment);
    const results = await withTaken(images, 'images', signal, call);
    return isList(images, 'images') ? results : (results[0] as Result);
  }

  async function classifyImages(
    images: ImageSource | readonly ImageSource[],
    options: ClassifyOptions & LookupOptions = {},
  ) {
    const { topK = defaultTopK, minScore, method = 'network', classes } = options;
    if (!Number.isInteger(topK) || topK < 1 || topK > limits.topK)
      throw new UnlabelError('invalid_parameter', topKRange, { field: 'topK' });
    checkMinScore(minScore);
    checkLabels(options.labels);
    if (method !== 'network' && method !== 'neighbors')
      throw new UnlabelError('invalid_parameter', 'method must be network or neighbors', { field: 'method' });
    const choice = { topK, minScore, labels: options.labels && [...options.labels] };
    const signal = anySignal(options.signal, ended);
    const own = { ...options, signal };
    return forImages(images, signal, async (taken, nameOf) => {
      if (classes !== undefined || method === 'neighbors')
        return (await loadLookup(signal)).classify(taken, own, choice, nameOf);
      return network.infer(taken, own, nameOf, (network, batch) => classify(network, batch, choice));
    });
  }

  function embedTaken(
    images: readonly ImageSource[],
    options: CallOptions,
    nameOf: (index: number) => string,
  ) {
    return network.infer(images, options, nameOf, async (network, batch) =>
      (await embed(network, batch)).map((embedding) => ({ embedding, dimensions: embedding.length })),
    );
  }

  async function embedImages(images: ImageSource | readonly ImageSource[], options: CallOptions = {}) {
    return forImages(images, anySignal(options.signal, ended), (taken, nameOf) =>
      embedTaken(taken, options, nameOf),
    );
  }

  /** The code of lookups is loaded by the first one. */
  const importLookup = singleFlight(async () => {
    const deployed = requireBrowser(deployment);
    const late = () => new Error('no answer');
    const { createLookup } = await timeout(import('./lookup/lookup.ts'), pageLimits.stallMs, late).catch(
      (cause) => {
        const message = `The code of lookups cannot be loaded: ${(cause as Error).message}`;
        throw new UnlabelError('model_unavailable', message, { cause });
      },
    );
    const parts = { embed: embedTaken, open: network.load };
    return createLookup<Model>(parts, deployed, anySignal(options.signal, ended));
  });
  const loadLookup = (signal: AbortSignal) => abortable(importLookup(), signal);

  async function search(
    query: SearchQuery<ImageSource> | readonly SearchQuery<ImageSource>[],
    options: SearchOptions = {},
  ) {
    requireBrowser(deployment);
    const signal = anySignal(options.signal, ended);
    const own = { ...options, signal };
    if (own.filter !== undefined) {
      checkFilter(own.filter);
      own.filter = structuredClone(own.filter);
    }
    const results = await withTaken<SearchQuery<ImageSource>, SearchResult<Model>[]>(
      query,
      'queries',
      signal,
      async (queries, nameOf) => (await loadLookup(signal)).search(queries, own, nameOf),
    );
    return isList<SearchQuery<ImageSource>>(query, 'queries') ? results : (results[0] as SearchResult<Model>);
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
    ...createResources({ load: loadLookup, signalOf: ({ signal }) => anySignal(signal, ended) }),
    dispose() {
      lifetime.abort(new UnlabelError('model_unavailable', 'The engine has been disposed'));
      network.opened?.host.dispose();
    },
  };
}

/** Whether images can be decoded here. Workers of a page can; servers cannot. */
function isBrowser(): boolean {
  return typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function';
}

function requireBrowser(deployment: Deployment | undefined): Deployment {
  if (deployment) return deployment;
  throw new UnlabelError(
    'not_supported',
    'createLocalEngine runs in browsers with createImageBitmap and OffscreenCanvas, and in their Workers. On a server use createClient',
  );
}
