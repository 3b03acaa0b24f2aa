import type { Classification, ClassifyOptions } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import { defaultTopK, limits, topKRange } from '../contract/limits.ts';
import type { CallOptions, ModelName } from '../contract/model.ts';
import { classify } from '../inference/classify.ts';
import { embed } from '../inference/embed.ts';
import type { Network } from '../inference/model.ts';
import { abortable } from '../util/abortable.ts';
import { createSerial } from '../util/serial.ts';
import { singleFlight } from '../util/single-flight.ts';
import { deploymentOf } from './files/deployment.ts';
import type { TakenImage } from './host/host.ts';
import { takeImage } from './host/take-image.ts';
import { type OpenModel, openModel } from './open.ts';
import type { LocalEngine, LocalOptions } from './options.ts';

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
 * Needs a secure context (https or localhost) and the optional peer `onnxruntime-web`.
 *
 * @throws TypeError for an invalid address.
 */
export function createLocalEngine<Model extends ModelName = string>(
  options: LocalOptions<Model>,
): LocalEngine<Model> {
  // Here and not in `load`, so that an invalid address is thrown at once.
  const deployment = deploymentOf(options);
  const lifetime = new AbortController();
  const loading = anySignal(options.signal, lifetime.signal);
  const inTurn = createSerial();
  let opened: OpenModel | undefined;

  const open = singleFlight(async () => {
    const model = await openModel(deployment, options, loading);
    if (lifetime.signal.aborted) model.host.dispose();
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

  async function infer<Item>(
    images: ImageSource | readonly ImageSource[],
    { signal: own }: CallOptions,
    task: (network: Network<TakenImage>, batch: TakenImage[]) => Promise<Item[]>,
  ): Promise<(Answer<Model> & Item) | (Answer<Model> & Item)[]> {
    const signal = anySignal(own, lifetime.signal);
    signal.throwIfAborted();
    const list = isMany(images) ? images : [images];
    const field = isMany(images) ? (index: number) => `images[${index}]` : () => 'image';
    const results: (Answer<Model> & Item)[] = [];
    for (let start = 0; start < list.length; start += batchSize) {
      const part = list.slice(start, start + batchSize);
      const batch = await Promise.all(part.map((image, i) => takeImage(image, field(start + i))));
      const turn = inTurn(async () => {
        signal.throwIfAborted();
        const current = await load();
        signal.throwIfAborted();
        const { manifest, device, host } = current;
        try {
          const items = await task({ manifest, run: (taken) => host.run([...taken]) }, batch);
          const model = { name: manifest.name as Model, version: manifest.version };
          return items.map((item) => ({ model: { ...model }, ...item, source: 'local' as const, device }));
        } catch (cause) {
          const known = cause instanceof UnlabelError ? cause : undefined;
          if (known && known.code !== 'model_unavailable') throw known;
          discard(current);
          throw known ?? new UnlabelError('internal_error', 'The network failed to run', { cause });
        }
      });
      results.push(...(await abortable(turn, signal)));
    }
    return isMany(images) ? results : (results[0] as Answer<Model> & Item);
  }

  async function classifyImages(images: ImageSource | readonly ImageSource[], options: ClassifyOptions = {}) {
    const { topK = defaultTopK } = options;
    if (!Number.isInteger(topK) || topK < 1 || topK > limits.topK)
      throw new UnlabelError('invalid_parameter', topKRange, { field: 'topK' });
    return infer(images, options, async (network, batch) =>
      (await classify(network, batch, topK)).map((predictions) => ({ predictions })),
    );
  }

  async function embedImages(images: ImageSource | readonly ImageSource[], options: CallOptions = {}) {
    return infer(images, options, async (network, batch) =>
      (await embed(network, batch)).map((embedding) => ({ embedding, dimensions: embedding.length })),
    );
  }

  const embedAll = embedImages as LocalEngine<Model>['embed'];
  /** The code of searches is loaded by the first one. */
  const loadSearch = singleFlight(async () => {
    const { createSearch } = await import('./search.ts');
    return createSearch<Model>({
      embed: embedAll,
      model: async () => {
        const { device, manifest } = await load();
        const { name, version, embedding } = manifest;
        return { name, version, dimensions: embedding.dimensions, device };
      },
      deployment,
      lifetime: loading,
    });
  });

  async function searchVectors(...args: Parameters<LocalEngine<Model>['search']>) {
    return (await loadSearch())(...args);
  }

  // Awaiting callers get the error.
  load().catch(() => {});
  return {
    get ready() {
      return load().then(() => {});
    },
    get device() {
      return opened?.device;
    },
    get reason() {
      return opened?.reason;
    },
    get manifest() {
      return opened?.manifest;
    },
    classify: classifyImages as LocalEngine<Model>['classify'],
    embed: embedAll,
    search: searchVectors as LocalEngine<Model>['search'],
    dispose() {
      lifetime.abort(new UnlabelError('model_unavailable', 'The engine has been disposed'));
      opened?.host.dispose();
    },
  };
}

/** The part that all answers share. */
type Answer<Model extends string> = Pick<Classification<Model>, 'model' | 'source' | 'device'>;

function anySignal(own: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return own ? AbortSignal.any([own, other]) : other;
}

// Array.isArray does not narrow to a readonly array.
function isMany(images: ImageSource | readonly ImageSource[]): images is readonly ImageSource[] {
  return Array.isArray(images);
}
