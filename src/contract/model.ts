import type { ModelLabels } from '../../model/labels.d.ts';

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

/**
 * Asks for each answer of a list by itself, as `Promise.allSettled` gives it: an image that cannot be read does not
 * fail the others.
 */
export interface Settled {
  settled: true;
}

/** How much of a list is done. */
export interface ListProgress {
  /** Images that have their answer; with `settled: true` also those that have an error of their own. */
  done: number;
  /** Images of the list. */
  total: number;
}

/** Options of a call with a list of images. */
export interface ListOptions {
  /**
   * Called when further images are done: after each run of up to eight in the page, after each request to a service; the last
   * time with `done` equal to `total`. Where two engines are joined and the second one has to answer, it begins anew. What it throws rejects the call.
   */
  onProgress?: ((progress: ListProgress) => void) | undefined;
}

/** A part of an image, in whole pixels of it as it is shown: upright, after its EXIF orientation. */
export interface Region {
  /** Pixels from the left edge. */
  x: number;
  /** Pixels from the top edge. */
  y: number;
  width: number;
  height: number;
}

/** Options of every call. */
export interface CallOptions {
  /** Cancels the call; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Options of every call with images. */
export interface ImageOptions extends CallOptions {
  /**
   * The part of each image that counts: it is cut out before all else, so that the answer is that for an image of this
   * part alone. It must lie within every image of the call.
   * @default the whole image
   */
  region?: Region | undefined;
}
