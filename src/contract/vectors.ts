import type { CallOptions, Device, ModelRef, Source } from './model.ts';

/** What a vector's metadata can hold under a key. */
export type MetadataValue = string | number | boolean;

/**
 * What is kept with a vector: at most 2,048 bytes as JSON. A key is a letter, then letters, digits, `_` and `-`, 32
 * at most. The key `label` names the class of a vector, for classification by neighbours.
 */
export type Metadata = Record<string, MetadataValue>;

/**
 * What a metadata value must be: all the members that are given, one at least; not both `gt` and `gte`, or `lt` and
 * `lte`. It is never met where the key is missing.
 */
export interface Comparison {
  eq?: MetadataValue | undefined;
  /** One of these, at most 100. */
  in?: MetadataValue[] | undefined;
  /** Greater than: a number is compared with numbers, a string by its UTF-16 code units with strings. */
  gt?: string | number | undefined;
  gte?: string | number | undefined;
  lt?: string | number | undefined;
  lte?: string | number | undefined;
}

/** Which vectors may match, by metadata key; all conditions must hold. A bare value stands for `{ eq: value }`. */
export type Filter = Record<string, MetadataValue | Comparison>;

/** A vector that is like the one that was searched for. */
export interface Match {
  id: string;
  /** Cosine similarity, -1 to 1. */
  score: number;
  metadata: Metadata;
}

/** Answer of {@link Engine.search}. */
export interface SearchResult<Model extends string = string> {
  /** The model whose vectors were searched. */
  model: ModelRef<Model>;
  /** The `topK` most similar vectors, best first; equal scores by id. */
  matches: Match[];
  source: Source;
  device: Device;
}

/** Options of {@link Engine.search}. */
export interface SearchOptions extends CallOptions {
  /**
   * Number of matches, 1 to 100.
   * @default 10
   */
  topK?: number | undefined;
  /** @default 'default' */
  namespace?: string | undefined;
  /** Default: none; every vector may match. */
  filter?: Filter | undefined;
}

/** Numbers of a vector, of any length but zero; stored as float32. */
export type Numbers = Float32Array | readonly number[];

/** A vector and, where it is known, the model that made it, so that another version's is told apart. */
export interface ModelVector {
  embedding: Float32Array;
  model: ModelRef;
}

/** What to search for: an image, a vector, an answer of `embed`, or a stored vector by its id, which is left out. */
export type SearchQuery<Image> = Image | Numbers | ModelVector | { id: string };

/** What a classification goes by instead of the network's own classes. */
export type ClassifyLookup =
  | {
      /** Name of a set of classes of `client.classes`. */
      classes: string;
    }
  | {
      /** Lets the metadata `label` of the nearest vectors vote, each with exp(cosine / 0.07). */
      method: 'neighbors';
      /** Where the neighbors are. @default 'gallery', labelled images that the model brings along */
      namespace?: string | undefined;
      /** Number of neighbors, 1 to 100. @default 20 */
      k?: number | undefined;
    };
