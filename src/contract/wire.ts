import type { Prediction } from './engine.ts';
import type { ErrorCode } from './errors.ts';
import type { Manifest } from './manifest.ts';
import type { Device, ModelRef, Region, Source } from './model.ts';
import type { Match, Metadata } from './vectors.ts';

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
  unknown?: boolean | undefined;
  similarity?: number | undefined;
}

/** One query of `POST /v1/search`. */
export interface SearchItem {
  matches: Match[];
}

/** What stands in the place of an image that cannot be read, where `settled=true`. */
export interface FailedItem {
  error: { code: ErrorCode; detail: string; field?: string | undefined };
}

/** Answer to one image. */
export type Single<Item> = Answer & Item;
/** Answer to a batch: one item an image, in order. */
export type Batch<Item> = Answer & { results: (Item | FailedItem)[] };

/** Answer of `GET /v1/models`. */
export interface ModelList {
  /** Name of the model that answers where none is asked for. */
  default: string;
  models: Manifest[];
}

/** A vector to store: itself, or an image to embed. */
export type VectorInput = {
  id: string;
  metadata?: Metadata | undefined;
} & VectorSource;

/** A vector as numbers or as base64 of little-endian float32, with its model where that is known; or an image. */
export type VectorSource =
  | { vector: number[] | string; model?: ModelRef | undefined }
  | { /** Base64 of a JPEG, PNG or WebP file. */ image: string; region?: Region | undefined };

/** Answer of `PUT /v1/vectors`. */
export interface Upserted {
  namespace: string;
  model: ModelRef;
  /** Number of vectors that were added or replaced. */
  upserted: number;
}

/** Answer of `DELETE /v1/vectors` and `DELETE /v1/vectors/:id`. */
export interface Deleted {
  namespace: string;
}

/** Answer of `PATCH /v1/vectors/:id`. */
export interface Updated {
  id: string;
  namespace: string;
  metadata: Metadata;
}

/** Answer of `POST /v1/deletions`. */
export interface DeletedWhere {
  namespace: string;
  /** Number of vectors that were deleted, 1,000 at most. */
  deleted: number;
  /** Whether vectors that meet the filter are left: send the request again. */
  hasMore: boolean;
}

/** A namespace with vectors. */
export interface NamespaceItem {
  name: string;
  /** Model of its vectors. */
  model: ModelRef;
  /** Number of vectors. */
  count: number;
}

/** Answer of `GET /v1/namespaces`. */
export interface NamespaceList {
  /** By name. */
  namespaces: NamespaceItem[];
  /** For the next page; absent at the last. */
  cursor?: string | undefined;
}

/** A name that stands for a namespace. */
export interface AliasItem {
  name: string;
  /** What it stands for. */
  namespace: string;
}

/** Answer of `GET /v1/aliases`. */
export interface AliasList {
  /** By name. */
  aliases: AliasItem[];
}

/** Answer of `GET /v1/vectors/:id`. */
export interface VectorItem extends EmbeddingItem {
  id: string;
  namespace: string;
  model: ModelRef;
  metadata: Metadata;
}

/** Answer of `GET /v1/vectors`. */
export interface VectorList {
  namespace: string;
  /** Absent while the namespace is empty. */
  model?: ModelRef | undefined;
  /** Vectors in the whole namespace, or those that meet the filter. */
  count: number;
  vectors: { id: string; metadata: Metadata }[];
  /** For the next page; absent at the last. */
  cursor?: string | undefined;
}

/** A set of classes of a person's own, each defined by example images. */
export interface ClassSetItem {
  name: string;
  model: ModelRef;
  /** In the order of their `index`. */
  classes: {
    label: string;
    /** Number of example images. */
    count: number;
  }[];
}

/** Answer of `GET /v1/classes`. */
export interface ClassSetList {
  sets: ClassSetItem[];
}

/**
 * Media type of ready-made network input: `height * width * 3` RGB bytes of the model's own size, no header.
 * With the parameter `batch=N` the body holds N of them, and the answer is a {@link Batch}.
 */
export const tensorMediaType = 'application/vnd.unlabel.rgb8';
