import type { Device, ModelRef, Prediction, Source } from './engine.ts';
import type { Manifest } from './manifest.ts';

/** What all answers to a call of the network share. */
interface Answer {
  model: ModelRef;
  source: Source;
  device: Device;
}

/** An embedding in JSON: an array of numbers, or base64 of little-endian float32 (`?encoding=base64`). */
export interface EmbeddingItem {
  embedding: number[] | string;
  dimensions: number;
}

/** One image of `POST /v1/classify`. */
export interface ClassifyItem {
  predictions: Prediction[];
}

/** Answer to one image. */
export type Single<Item> = Answer & Item;
/** Answer to a batch: one item an image, in order. */
export type Batch<Item> = Answer & { results: Item[] };

/** Answer of `GET /v1/models`. */
export interface ModelList {
  /** Name of the model that answers where none is asked for. */
  default: string;
  models: Manifest[];
}

/**
 * Media type of ready-made network input: `height * width * 3` RGB bytes of the model's own size, no header.
 * With the parameter `batch=N` the body holds N of them, and the answer is a {@link Batch}.
 */
export const tensorMediaType = 'application/vnd.unlabel.rgb8';
