import type { Classification, ClassifyOptions } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import { defaultTopK, limits, topKRange } from '../contract/limits.ts';
import type { CallOptions, ModelName } from '../contract/model.ts';
import { classify } from '../inference/classify.ts';
import { embed } from '../inference/embed.ts';
import type { Network } from '../inference/model.ts';
import { abortable } from '../util/abortable.ts';
import { accessOf } from './files/access.ts';
import { locate } from './files/urls.ts';
import type { Handed } from './host/host.ts';
import { handOver } from './host/transfer.ts';
import { type Opened, open } from './open.ts';
import type { LocalEngine, LocalOptions } from './options.ts';

/** Images of one run: as many as may be held as full-size pixels at once. */
const batchSize = 8;

/**
 * Makes an engine that runs a model in this page, and begins to load it. It returns at once: calls wait for the
 * model, {@link LocalEngine.ready} says when it is there.
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
  // An invalid address is told here, not by a rejected promise.
  const places = locate(options);
  const lifetime = new AbortController();
  const loading = anySignal(options.signal, lifetime.signal);
  let opening: Promise<Opened> | undefined;
  let opened: Opened | undefined;

  /** The network; opened anew after a failure. */
  async function load(): Promise<Opened> {
    lifetime.signal.throwIfAborted();
    opening ??= open(options, loading).then(
      (value) => {
        if (lifetime.signal.aborted) value.host.dispose();
        opened = value;
        return value;
      },
      (error: unknown) => {
        opening = undefined;
        throw error;
      },
    );
    return opening;
  }

  /** A network that failed without being refused an image is not to be trusted with another. */
  function drop({ host }: Opened): void {
    host.dispose();
    opening = undefined;
    opened = undefined;
  }

  let last: Promise<unknown> = Promise.resolve();

  /** Does a piece of work when all earlier ones are done, unless its call is over by then. */
  function inTurn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    last = turn.catch(() => {});
    return abortable(turn, signal);
  }

  async function infer<Item>(
    images: ImageSource | readonly ImageSource[],
    { signal: own }: CallOptions,
    task: (network: Network<Handed>, batch: Handed[]) => Promise<Item[]>,
  ): Promise<(Answer<Model> & Item) | (Answer<Model> & Item)[]> {
    const signal = anySignal(own, lifetime.signal);
    signal.throwIfAborted();
    const list = isMany(images) ? images : [images];
    const field = isMany(images) ? (index: number) => `images[${index}]` : () => 'image';
    const results: (Answer<Model> & Item)[] = [];
    for (let start = 0; start < list.length; start += batchSize) {
      const part = list.slice(start, start + batchSize);
      const batch = await Promise.all(part.map((image, i) => handOver(image, field(start + i))));
      const answers = await inTurn(async () => {
        const current = await load();
        signal.throwIfAborted();
        const { manifest, device, host } = current;
        try {
          const items = await task({ manifest, run: (handed) => host.run([...handed]) }, batch);
          const model = { name: manifest.name as Model, version: manifest.version };
          return items.map((item) => ({ model: { ...model }, ...item, source: 'local' as const, device }));
        } catch (cause) {
          const known = cause instanceof UnlabelError ? cause : undefined;
          if (known && known.code !== 'model_unavailable') throw known;
          drop(current);
          throw known ?? new UnlabelError('internal_error', 'The network failed to run', { cause });
        }
      }, signal);
      results.push(...answers);
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
  let search: Promise<LocalEngine<Model>['search']> | undefined;

  /** The code of searches comes with the first one. */
  async function searchVectors(...args: Parameters<LocalEngine<Model>['search']>) {
    search ??= import('./search.ts').then(({ createSearch }) =>
      createSearch<Model>({
        embed: embedAll,
        model: async () => {
          const { device, manifest } = await load();
          const { name, version, embedding } = manifest;
          return { name, version, dimensions: embedding.dimensions, device };
        },
        placeOf: places.index,
        access: { ...accessOf(options), signal: loading },
      }),
    );
    search.catch(() => {
      search = undefined;
    });
    return (await search)(...args);
  }

  // Who waits hears of a failure.
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

/** What answers share. */
type Answer<Model extends string> = Pick<Classification<Model>, 'model' | 'source' | 'device'>;

function anySignal(own: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return own ? AbortSignal.any([own, other]) : other;
}

// Array.isArray does not narrow to a readonly array.
function isMany(images: ImageSource | readonly ImageSource[]): images is readonly ImageSource[] {
  return Array.isArray(images);
}
