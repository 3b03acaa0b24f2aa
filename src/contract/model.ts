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

/** Options of every call. */
export interface CallOptions {
  /** Cancels the call; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}
