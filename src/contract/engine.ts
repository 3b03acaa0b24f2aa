import type { Device, ImageOptions, LabelOf, ListOptions, ModelRef, Settled, Source } from './model.ts';

import type { ClassifyLookup, SearchOptions, SearchQuery, SearchResult } from './vectors.ts';

/** One class of a {@link Classification}. */
export interface Prediction<Label extends string = string> {
  /** Class name. */
  label: Label;
  /** Output index of the class, 0 to `classes - 1`. */
  index: number;
  /** Probability of the class, 0 to 1; the scores of all classes add up to 1. */
  score: number;
}

/** Answer of {@link Engine.classify}. */
export interface Classification<Model extends string = string, Label extends string = LabelOf<Model>> {
  model: ModelRef<Model>;
  /** The `topK` most probable classes, best first; equal scores by index. */
  predictions: Prediction<Label>[];
  /**
   * Whether the image shows none of these classes, as far as the network can tell: its best score, or its
   * {@link similarity}, is below `minScore` or the threshold of the model or the set. Absent where nothing is known to
   * compare with. The predictions are what they would be otherwise.
   */
  unknown?: boolean | undefined;
  /**
   * With `method: 'neighbors'`, the cosine to the nearest labeled vector; with `classes`, to the nearest class. Absent
   * for the network's own classes, and where no neighbor has one of the `labels`.
   */
  similarity?: number | undefined;
  source: Source;
  device: Device;
}

/** Answer of {@link Engine.embed}. */
export interface Embedding<Model extends string = string> {
  model: ModelRef<Model>;
  /** Unit vector (L2 norm 1), length `dimensions`: the dot product of two is their cosine similarity. */
  embedding: Float32Array;
  dimensions: number;
  source: Source;
  device: Device;
}

/** Options of {@link Engine.classify}. */
export interface ClassifyOptions extends ImageOptions {
  /**
   * Number of predictions, 1 to 1000; more than the model has classes gives all.
   * @default 5
   */
  topK?: number | undefined;
  /**
   * Least value of a known image, -1 to 1; below it the answer is {@link Classification.unknown}. It is compared with
   * the best score of the network's own classes, and with {@link Classification.similarity} of a lookup.
   * @default that of the model's manifest for the network and the gallery; for a set of classes that of its examples
   */
  minScore?: number | undefined;
  /**
   * Answers with these classes only, at most 100. Scores stay what they are among all classes, so that an image of
   * none of them is `unknown`.
   * @default all classes
   */
  labels?: readonly string[] | undefined;
}

/**
 * One typed API, wherever the network runs. An array of images in gives an array of answers out, in order. Images are
 * taken as they are when the call begins: what becomes of a canvas or a buffer afterwards makes no difference. With
 * `settled: true` each answer of an array has a `status` of its own, as of `Promise.allSettled`.
 */
export interface Engine<Image, Model extends string = string> {
  /**
   * Predicts the class of an image: one of the model's; with `classes` one of a set of your own; with
   * `method: 'neighbors'` a label of the nearest stored vectors.
   */
  classify(image: Image, options: ClassifyOptions & ClassifyLookup): Promise<Classification<Model, string>>;
  classify(
    images: readonly Image[],
    options: ClassifyOptions & ClassifyLookup & ListOptions & Settled,
  ): Promise<PromiseSettledResult<Classification<Model, string>>[]>;
  classify(
    images: readonly Image[],
    options: ClassifyOptions & ListOptions & Settled,
  ): Promise<PromiseSettledResult<Classification<Model>>[]>;
  classify(image: Image, options?: ClassifyOptions): Promise<Classification<Model>>;
  classify(
    images: readonly Image[],
    options: ClassifyOptions & ClassifyLookup & ListOptions,
  ): Promise<Classification<Model, string>[]>;
  classify(
    images: readonly Image[],
    options?: ClassifyOptions & ListOptions,
  ): Promise<Classification<Model>[]>;
  /** Maps an image to a unit vector; similar images have near vectors. */
  embed(image: Image, options?: ImageOptions): Promise<Embedding<Model>>;
  embed(
    images: readonly Image[],
    options: ImageOptions & ListOptions & Settled,
  ): Promise<PromiseSettledResult<Embedding<Model>>[]>;
  embed(images: readonly Image[], options?: ImageOptions & ListOptions): Promise<Embedding<Model>[]>;
  /** Finds the stored vectors most similar to an image, a vector, or another stored vector. */
  search(query: SearchQuery<Image>, options?: SearchOptions): Promise<SearchResult<Model>>;
  search(
    queries: readonly SearchQuery<Image>[],
    options: SearchOptions & Settled,
  ): Promise<PromiseSettledResult<SearchResult<Model>>[]>;
  search(queries: readonly SearchQuery<Image>[], options?: SearchOptions): Promise<SearchResult<Model>[]>;
}
