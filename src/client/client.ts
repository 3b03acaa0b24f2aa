import type { Classification, ClassifyOptions, Embedding, Engine } from '../contract/engine.ts';
import type { ImageSource } from '../contract/image-source.ts';
import type { ModelName } from '../contract/model.ts';
import type { ClassifyLookup, SearchOptions, SearchQuery, SearchResult } from '../contract/vectors.ts';
import type { Connection } from './infer.ts';
import { filePack, type Pack } from './pack.ts';
import { type ConnectionOptions, createSend, type RequestOptions } from './request.ts';
import { type Classes, createClasses } from './resources/classes.ts';
import { createClassify } from './resources/classify.ts';
import { createEmbed } from './resources/embed.ts';
import { createModels, type Models } from './resources/models.ts';
import { createSearch } from './resources/search.ts';
import { createVectors, type Vectors } from './resources/vectors.ts';

/** Options of {@link createClient}. */
export interface ClientOptions<Model extends string = string> extends ConnectionOptions {
  /** Model to ask; the names of a known model's classes are typed. Default: the service's. */
  model?: Model | undefined;
  /**
   * What is sent of an image. `tensor`: only the pixels that the network sees, which the page makes itself: 3 kB for
   * a photo of any size, and the same prediction for a PNG; up to 67 megapixels. `file`: the file itself; a drawable
   * image as a PNG of its full size.
   * @default 'tensor' in a page or its worker, 'file' elsewhere
   */
  upload?: 'tensor' | 'file' | undefined;
}

/**
 * The network behind a service. An array of images in gives an array of answers out, in order; it is sent in as few
 * requests as the limits of the service allow (32 images, 8 MiB), four at a time. If one of them fails, the call fails.
 */
export interface Client<Model extends string = string> extends Engine<ImageSource, Model> {
  /**
   * Predicts the class of an image: one of the model's; or with `classes` one of a set of your own, with
   * `method: 'neighbors'` a label of the nearest stored vectors.
   *
   * @throws UnlabelError `invalid_image`, before anything is sent, for what is no image or not loaded.
   * @throws UnlabelApiError, or its subclass for the `code`, if the server refuses or fails.
   * @throws ConnectionError, TimeoutError if no answer comes.
   * @throws the reason of `signal` once it is aborted.
   */
  classify(
    image: ImageSource,
    options: ClassifyOptions & RequestOptions & ClassifyLookup,
  ): Promise<Classification<Model, string>>;
  classify(
    images: readonly ImageSource[],
    options: ClassifyOptions & RequestOptions & ClassifyLookup,
  ): Promise<Classification<Model, string>[]>;
  classify(image: ImageSource, options?: ClassifyOptions & RequestOptions): Promise<Classification<Model>>;
  classify(
    images: readonly ImageSource[],
    options?: ClassifyOptions & RequestOptions,
  ): Promise<Classification<Model>[]>;
  /**
   * Maps an image to a unit vector: near vectors mean alike images.
   *
   * @throws what {@link classify} throws.
   */
  embed(image: ImageSource, options?: RequestOptions): Promise<Embedding<Model>>;
  embed(images: readonly ImageSource[], options?: RequestOptions): Promise<Embedding<Model>[]>;
  /**
   * Finds the stored vectors that are most like an image, a vector, an answer of {@link embed}, or another stored one.
   *
   * @throws VectorNotFoundError for an id that is not there, ModelMismatchError for a vector of another model.
   * @throws what {@link classify} throws.
   */
  search(
    query: SearchQuery<ImageSource>,
    options?: SearchOptions & RequestOptions,
  ): Promise<SearchResult<Model>>;
  search(
    images: readonly ImageSource[],
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
 * @throws TypeError for an invalid `url` or header.
 */
export function createClient<Model extends ModelName = string>(options: ClientOptions<Model>): Client<Model> {
  const send = createSend(options);
  const models = createModels(send);
  const { model, upload = canDecode() ? 'tensor' : 'file' } = options;
  let tensorPack: Promise<Pack> | undefined;
  const connection: Connection = {
    send,
    async pack() {
      if (upload === 'file') return filePack;
      tensorPack ??= import('./tensor-web.ts').then(({ createTensorPack }) =>
        createTensorPack(models, model),
      );
      return tensorPack.catch((error: unknown) => {
        tensorPack = undefined;
        throw error;
      });
    },
  };
  const embed = createEmbed(connection, model);
  return {
    classify: createClassify(connection, model),
    embed,
    search: createSearch(connection, model),
    vectors: createVectors(send, embed, model),
    classes: createClasses(send, embed, model),
    models,
  };
}

/** Whether this platform turns files into pixels. */
function canDecode(): boolean {
  return typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function';
}
