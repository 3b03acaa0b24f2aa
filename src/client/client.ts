import type { Classification, ClassifyOptions, Embedding, Engine } from '../contract/engine.ts';
import type { ImageOptions, ListOptions, ModelName, Settled } from '../contract/model.ts';
import type { Moving, Watching, WatchOptions } from '../contract/resources/watch.ts';
import type { ClassifyLookup, SearchOptions, SearchQuery, SearchResult } from '../contract/vectors.ts';
import { singleFlight } from '../util/single-flight.ts';
import { type ConnectionOptions, type RequestOptions, serviceOf } from './http/service.ts';
import type { Upload } from './images/pack.ts';
import type { HostedImage } from './images/take.ts';
import { createLazy } from './lazy.ts';
import type { Classes } from './resources/classes.ts';
import type { Models } from './resources/models.ts';
import type { Vectors } from './resources/vectors.ts';

/** Options of {@link createClient}. */
export interface ClientOptions<Model extends string = string> extends ConnectionOptions {
  /** Model to ask; the names of a known model's classes are typed. Default: the service's. */
  model?: Model | undefined;
  /**
   * What is sent of an image. `tensor`: only the pixels that the network sees, which the page makes itself: 3 kB for
   * a photo of any size, and the same prediction for a PNG; up to 100 megapixels. `file`: the file itself; a drawable
   * image as a PNG of its full size.
   * @default 'tensor' in a page or its worker, 'file' elsewhere
   */
  upload?: Upload | undefined;
}

/**
 * The network behind a service. An array of images in gives an array of answers out, in order; it is sent in as few
 * requests as the limits of the service allow (32 images, 8 MiB), four at a time. If one of them fails, the call fails,
 * unless `settled: true` asks for an answer, or an error, of each image.
 *
 * Images are taken when the call begins. An image may also be given by its address or as a stream ({@link HostedImage}):
 * this side reads it, and sends it on.
 */
export interface Client<Model extends string = string>
  extends Engine<HostedImage, Model>,
    Watching<HostedImage, Model> {
  /**
   * Predicts the class of an image: one of the model's; with `classes` one of a set of your own; with
   * `method: 'neighbors'` a label of the nearest stored vectors.
   *
   * @throws UnlabelError `invalid_image`, before anything is sent, for what is no image, not loaded or not found.
   * @throws UnlabelApiError, or its subclass for the `code`, if the service refuses or fails.
   * @throws ConnectionError, TimeoutError, RedirectError if no answer comes.
   * @throws the reason of `signal` once it is aborted.
   */
  classify(
    image: HostedImage,
    options: ClassifyOptions & RequestOptions & ClassifyLookup,
  ): Promise<Classification<Model, string>>;
  classify(
    images: readonly HostedImage[],
    options: ClassifyOptions & RequestOptions & ClassifyLookup & ListOptions & Settled,
  ): Promise<PromiseSettledResult<Classification<Model, string>>[]>;
  classify(
    images: readonly HostedImage[],
    options: ClassifyOptions & RequestOptions & ListOptions & Settled,
  ): Promise<PromiseSettledResult<Classification<Model>>[]>;
  classify(
    images: readonly HostedImage[],
    options: ClassifyOptions & RequestOptions & ClassifyLookup & ListOptions,
  ): Promise<Classification<Model, string>[]>;
  classify(image: HostedImage, options?: ClassifyOptions & RequestOptions): Promise<Classification<Model>>;
  classify(
    images: readonly HostedImage[],
    options?: ClassifyOptions & RequestOptions & ListOptions,
  ): Promise<Classification<Model>[]>;
  /**
   * Maps an image to a unit vector: similar images have near vectors.
   *
   * @throws what {@link classify} throws.
   */
  embed(image: HostedImage, options?: ImageOptions & RequestOptions): Promise<Embedding<Model>>;
  embed(
    images: readonly HostedImage[],
    options: ImageOptions & RequestOptions & ListOptions & Settled,
  ): Promise<PromiseSettledResult<Embedding<Model>>[]>;
  embed(
    images: readonly HostedImage[],
    options?: ImageOptions & RequestOptions & ListOptions,
  ): Promise<Embedding<Model>[]>;
  /**
   * Finds the stored vectors most similar to an image, a vector, an answer of {@link embed}, or another stored vector.
   *
   * @throws UnlabelError `invalid_parameter`, before anything is sent, for a filter that is none.
   * @throws VectorNotFoundError for an unknown id, ModelMismatchError for a vector of another model.
   * @throws what {@link classify} throws.
   */
  search(
    query: SearchQuery<HostedImage>,
    options?: SearchOptions & RequestOptions,
  ): Promise<SearchResult<Model>>;
  search(
    queries: readonly SearchQuery<HostedImage>[],
    options: SearchOptions & RequestOptions & Settled,
  ): Promise<PromiseSettledResult<SearchResult<Model>>[]>;
  search(
    queries: readonly SearchQuery<HostedImage>[],
    options?: SearchOptions & RequestOptions,
  ): Promise<SearchResult<Model>[]>;
  /** The stored vectors. */
  readonly vectors: Vectors;
  /** Classes of your own, named by a handful of pictures each. */
  readonly classes: Classes;
  /** The models of the service. */
  readonly models: Models;
}

/**
 * Makes a client of an Unlabel service. It keeps no connection, and needs only `fetch`: Node 20, a page or a
 * Worker.
 *
 * ```ts
 * const client = createClient({ url: 'http://localhost:8787', model: 'cifar10' });
 * const { predictions } = await client.classify(file);
 * ```
 *
 * @throws TypeError for a missing or invalid `url`, `apiKey` or header.
 */
export function createClient<Model extends ModelName = string>(options: ClientOptions<Model>): Client<Model> {
  const service = serviceOf(options);
  const { model, upload } = options;
  const load = singleFlight(async () => (await import('./calls.ts')).createCalls(service, model, upload));
  const loadStored = singleFlight(async () => {
    const [{ connection, search }, { createStored }] = await Promise.all([load(), import('./stored.ts')]);
    return createStored(connection, search, model);
  });
  const lazy = createLazy(load);
  const stored = createLazy(loadStored);
  const classify = lazy(({ classify }) => classify) as Client<Model>['classify'];
  return {
    classify,
    embed: lazy(({ embed }) => embed) as Client<Model>['embed'],
    search: lazy(({ search }) => search) as Client<Model>['search'],
    async *watch(source: Moving<HostedImage>, options: WatchOptions = {}) {
      const { watch } = await import('../image/watch-web.ts');
      yield* watch({ classify }, source, options);
    },
    vectors: {
      upsert: stored(({ vectors }) => vectors.upsert),
      get: stored(({ vectors }) => vectors.get),
      update: stored(({ vectors }) => vectors.update),
      delete: stored(({ vectors }) => vectors.delete),
      deleteWhere: stored(({ vectors }) => vectors.deleteWhere),
      clear: stored(({ vectors }) => vectors.clear),
      async *list(options) {
        yield* (await loadStored()).vectors.list(options);
      },
      count: stored(({ vectors }) => vectors.count),
      async *duplicates(options) {
        yield* (await loadStored()).vectors.duplicates(options);
      },
      alias: stored(({ vectors }) => vectors.alias),
      aliases: stored(({ vectors }) => vectors.aliases),
      deleteAlias: stored(({ vectors }) => vectors.deleteAlias),
      // Not taken at the call: its images come one by one.
      reembed: async (from, options) => (await loadStored()).vectors.reembed(from, options),
      async *namespaces(options) {
        yield* (await loadStored()).vectors.namespaces(options);
      },
    },
    classes: {
      create: stored(({ classes }) => classes.create),
      list: stored(({ classes }) => classes.list),
      get: stored(({ classes }) => classes.get),
      delete: stored(({ classes }) => classes.delete),
    },
    models: {
      list: lazy(({ models }) => models.list),
      get: lazy(({ models }) => models.get),
    },
  };
}
