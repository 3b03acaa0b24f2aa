import type { ModelLabels } from '../../model/labels.d.ts';
import type { SearchOptions, SearchQuery, SearchResult } from './vectors.ts';

export type { ModelLabels };

/** Name of a model: one that this package knows (its class names are then typed), or any other string. */
export type ModelName = keyof ModelLabels | (string & {});

/** Union of a model's class names; `string` for a model that this package does not know. */
export type LabelOf<Model extends string> = Model extends keyof ModelLabels ? ModelLabels[Model] : string;

/** The model that gave an answer. Embeddings of two versions do not compare. */
export interface ModelRef<Model extends string = string> {
  name: Model;
  /** Semantic version of the weights. */
  version: string;
}

/** Where an answer was computed. */
export type Source = 'hosted' | 'local';
/** What it was computed on. */
export type Device = 'wasm' | 'webgpu';

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

/** Options of every call. */
export interface CallOptions {
  /** Cancels the call; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Options of {@link Engine.classify}. */
export interface ClassifyOptions extends CallOptions {
  /**
   * Number of predictions, 1 to 1000; more than the model has classes gives all.
   * @default 5
   */
  topK?: number | undefined;
}

/** One typed API, wherever the network runs. An array of images in gives an array of answers out, in order. */
export interface Engine<Image, Model extends string = string> {
  /** Predicts the class of an image. */
  classify(image: Image, options?: ClassifyOptions): Promise<Classification<Model>>;
  classify(images: readonly Image[], options?: ClassifyOptions): Promise<Classification<Model>[]>;
  /** Maps an image to a unit vector; near vectors mean alike images. */
  embed(image: Image, options?: CallOptions): Promise<Embedding<Model>>;
  embed(images: readonly Image[], options?: CallOptions): Promise<Embedding<Model>[]>;
  /** Finds the stored vectors that are most like an image, a vector, or another stored one. */
  search(query: SearchQuery<Image>, options?: SearchOptions): Promise<SearchResult<Model>>;
  search(images: readonly Image[], options?: SearchOptions): Promise<SearchResult<Model>[]>;
}
