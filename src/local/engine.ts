import type { Classification, ClassifyOptions } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import { checkFilter } from '../contract/filter.ts';
import type { ImageSource } from '../contract/image-source.ts';
import { defaultTopK, limits, topKRange } from '../contract/limits.ts';
import type { CallOptions, ModelName } from '../contract/model.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../contract/vectors.ts';
import { classify } from '../inference/classify.ts';
import { embed } from '../inference/embed.ts';
import type { Network } from '../inference/model.ts';
import { abortable } from '../util/abortable.ts';
import { createSerial } from '../util/serial.ts';
import { singleFlight } from '../util/single-flight.ts';
import { timeout } from '../util/timeout.ts';
import { type Deployment, deploymentOf } from './files/deployment.ts';
import type { TakenImage } from './host/take-image.ts';
import { pageLimits } from './limits.ts';
import { type OpenModel, openModel } from './open.ts';
import type { LocalEngine, LocalOptions } from './options.ts';
import { isList, withTaken } from './take-call.ts';

/** Images of one run: so many may be in memory as full-size pixels at once. */
const batchSize = 8;

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
  const loading = anySignal(options.signal, lifetime.signal);
  const inTurn = createSerial();
  let opened: OpenModel | undefined;
  let hasWarned = false;

  const open = singleFlight(async () => {
    const model = await openModel(requireBrowser(deployment), options, loading);
    if (lifetime.signal.aborted) model.host.dispose();
    if (model.obstacle && !hasWarned) {
      hasWarned = true;
      console.warn(
        `unlabel: the network blocks the page while it runs. No Worker could start: ${model.obstacle}`,
      );
    }
    opened = model;
    return model;
  });

  /** The model; loaded again after a failure. */
  async function load(): Promise<OpenModel> {
    lifetime.signal.throwIfAborted();
    return open();
  }

  /** After any failure but a rejected image, the network is discarded. */
  function discard({ host }: OpenModel): void {
    host.dispose();
    open.reset();
    opened = undefined;
  }

  /** @param nameOf - name of an image in an error. */
  async function infer<Item>(
    images: readonly ImageSource[],
    { signal: own }: CallOptions,
    nameOf: (index: number) => string,
    task: (network: Network<TakenImage>, batch: TakenImage[]) => Promise<Item[]>,
  ): Promise<(Answer<Model> & Item)[]> {
    const signal = anySignal(own, lifetime.signal);
    const taken = images.map((image, index): TakenImage => ({ image, field: nameOf(index) }));
    const results: (Answer<Model> & Item)[] = [];
    for (let start = 0; start < taken.length; start += batchSize) {
      const batch = taken.slice(start, start + batchSize);
      const turn = inTurn(async () => {
        signal.throwIfAborted();
        const current = await load();
        signal.throwIfAborted();
        return runIn(current, batch, task);
      });
      results.push(...(await abortable(turn, signal)));
    }
    return results;
  }

  async function runIn<Item>(
    current: OpenModel,
    batch: TakenImage[],
    task: (network: Network<TakenImage>, batch: TakenImage[]) => Promise<Item[]>,
  ): Promise<(Answer<Model> & Item)[]> {
    const { manifest, device, host } = current;
    try {
      const items = await task({ manifest, run: (taken) => host.run([...taken]) }, batch);
      const model = { name: manifest.name as Model, version: manifest.version };
      return items.map((item) => ({ model: { ...model }, ...item, source: 'local' as const, device }));
    } catch (cause) {
      const known = cause instanceof UnlabelError ? cause : undefined;
      if (known && known.code !== 'model_unavailable') throw known;
      if (opened === current) discard(current);
      throw (
        known ??
        new UnlabelError('internal_error', `The network failed to run: ${(cause as Error).message}`, {
          cause,
        })
      );
    }
  }

  /** Takes the images of a call, and gives one answer for one image. */
  async function forImages<Result>(
    images: ImageSource | readonly ImageSource[],
    { signal: own }: CallOptions,
    call: (images: ImageSource[], nameOf: (index: number) => string) => Promise<Result[]>,
  ): Promise<Result | Result[]> {
    requireBrowser(deployment);
    const results = await withTaken(images, 'images', anySignal(own, lifetime.signal), call);
    return isList(images, 'images') ? results : (results[0] as Result);
  }

  async function classifyImages(images: ImageSource | readonly ImageSource[], options: ClassifyOptions = {}) {
    const { topK = defaultTopK } = options;
    if (!Number.isInteger(topK) || topK < 1 || topK > limits.topK)
      throw new UnlabelError('invalid_parameter', topKRange, { field: 'topK' });
    return forImages(images, options, (taken, nameOf) =>
      infer(taken, options, nameOf, async (network, batch) =>
        (await classify(network, batch, topK)).map((predictions) => ({ predictions })),
      ),
    );
  }

  function embedTaken(
    images: readonly ImageSource[],
    options: CallOptions,
    nameOf: (index: number) => string,
  ) {
    return infer(images, options, nameOf, async (network, batch) =>
      (await embed(network, batch)).map((embedding) => ({ embedding, dimensions: embedding.length })),
    );
  }

  async function embedImages(images: ImageSource | readonly ImageSource[], options: CallOptions = {}) {
    return forImages(images, options, (taken, nameOf) => embedTaken(taken, options, nameOf));
  }

  /** The code of searches is loaded by the first one. */
  const loadSearch = singleFlight(async () => {
    const late = () => new Error('no answer');
    const { createSearch } = await timeout(import('./search.ts'), pageLimits.stallMs, late).catch((cause) => {
      const message = `The code of searches cannot be loaded: ${(cause as Error).message}`;
      throw new UnlabelError('model_unavailable', message, { cause });
    });
    return createSearch<Model>({
      embed: embedTaken,
      model: async () => {
        const { device, manifest } = await load();
        const { name, version, embedding } = manifest;
        return { name, version, dimensions: embedding.dimensions, device };
      },
      deployment: requireBrowser(deployment),
      lifetime: loading,
    });
  });

  async function search(
    query: SearchQuery<ImageSource> | readonly SearchQuery<ImageSource>[],
    options: SearchOptions = {},
  ) {
    requireBrowser(deployment);
    const signal = anySignal(options.signal, lifetime.signal);
    const own = { ...options, signal };
    if (own.filter !== undefined) {
      checkFilter(own.filter);
      own.filter = structuredClone(own.filter);
    }
    const results = await withTaken<SearchQuery<ImageSource>, SearchResult<Model>[]>(
      query,
      'queries',
      signal,
      async (queries, nameOf) => {
        const searchAll = await abortable(loadSearch(), signal);
        return searchAll(queries, own, nameOf);
      },
    );
    return isList<SearchQuery<ImageSource>>(query, 'queries') ? results : (results[0] as SearchResult<Model>);
  }

  // Awaiting callers get the error.
  if (deployment) load().catch(() => {});
  return {
    get ready() {
      return load().then(() => {});
    },
    get device() {
      return opened?.device;
    },
    get thread() {
      return opened?.thread;
    },
    get reason() {
      return opened?.reason;
    },
    get manifest() {
      return opened?.manifest;
    },
    classify: classifyImages as LocalEngine<Model>['classify'],
    embed: embedImages as LocalEngine<Model>['embed'],
    search: search as LocalEngine<Model>['search'],
    dispose() {
      lifetime.abort(new UnlabelError('model_unavailable', 'The engine has been disposed'));
      opened?.host.dispose();
    },
  };
}

/** The part that all answers share. */
type Answer<Model extends string> = Pick<Classification<Model>, 'model' | 'source' | 'device'>;

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

function anySignal(own: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return own ? AbortSignal.any([own, other]) : other;
}
