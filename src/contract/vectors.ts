import type { Device, ImageOptions, ModelRef, Region, Source } from './model.ts';

/** What a vector's metadata can hold under a key. */
export type MetadataValue = string | number | boolean;

/**
 * What is kept with a vector: at most 2,048 bytes as JSON. A key is a letter, then letters, digits, `_` and `-`, 32
 * at most. The key `label` names the class of a vector, for classification by neighbors.
 */
export type Metadata = Record<string, MetadataValue>;

/**
 * Conditions of a metadata value: at least one, and all must hold; not both `gt` and `gte`, or `lt` and `lte`. A vector
 * without the key meets `ne`, `nin` and `exists: false` alone. A member that is `undefined` is refused, for it would
 * match everything.
 */
export interface Comparison {
  eq?: MetadataValue | undefined;
  /** Another value than this, or none. */
  ne?: MetadataValue | undefined;
  /** One of these, at most 100. */
  in?: MetadataValue[] | undefined;
  /** None of these, at most 100. */
  nin?: MetadataValue[] | undefined;
  /** Whether the vector has the key. */
  exists?: boolean | undefined;
  /** Greater than: a number is compared with numbers, a string by its UTF-16 code units with strings. */
  gt?: string | number | undefined;
  gte?: string | number | undefined;
  lt?: string | number | undefined;
  lte?: string | number | undefined;
}

/**
 * Which vectors may match: conditions by metadata key; all must hold. A bare value stands for `{ eq: value }`; a key
 * whose condition is `undefined` is refused. An array of filters under `and` or `or` is a condition that all or any of
 * them hold: `{ year: { gte: 2020 }, or: [{ label: 'cat' }, { label: 'dog' }] }`. At most 8 keys in all, with those of
 * the filters within, which nest 3 deep.
 */
export interface Filter {
  [key: string]: MetadataValue | Comparison | Filter[];
}

/** A stored vector similar to the query. */
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
export interface SearchOptions extends ImageOptions {
  /**
   * Number of matches, 1 to 100.
   * @default 10
   */
  topK?: number | undefined;
  /** @default 'default' */
  namespace?: string | undefined;
  /** Default: none; every vector may match. */
  filter?: Filter | undefined;
  /**
   * Least cosine of a match, -1 to 1: where nothing is as similar, there is no match.
   * @default -1
   */
  minScore?: number | undefined;
  /**
   * How much matches should differ from one another, 0 to 1: each is chosen among the nearest `5 * topK` (100 at most)
   * for (1 - diversity) times its cosine less diversity times that to the most similar match before it (maximal
   * marginal relevance). Matches are in the order of that choice.
   * @default 0
   */
  diversity?: number | undefined;
}

/** Numbers of a vector, of any length but zero; stored as float32. */
export type Numbers = Float32Array | Float64Array | readonly number[];

/** A vector and the model that made it, such as an answer of `embed`: vectors of another version are then refused. */
export interface ModelVector {
  embedding: Float32Array;
  model: ModelRef;
}

/** An image with a region of its own, where a call takes several. */
export interface ImagePart<Image> {
  image: Image;
  /** Default: that of the call. */
  region?: Region | undefined;
}

/** What a vector can be had of: an image or a part of one, a vector, or an answer of `embed`, whose model is then checked. */
export type Embeddable<Image> = Image | ImagePart<Image> | Numbers | ModelVector;

/**
 * What matches should be like, and unlike. Of all examples as unit vectors, the query is the mean of the liked less half
 * the mean of the disliked; a match's score is its cosine with that. Those given by id are left out of the matches.
 *
 * Rocchio, "Relevance feedback in information retrieval" (1971), without a query to begin with; the weights are those of
 * Qdrant's `average_vector`.
 */
export interface Examples<Image> {
  /** At least one; 32 at most with the disliked. */
  like: readonly (Embeddable<Image> | { id: string })[];
  /** @default none */
  dislike?: readonly (Embeddable<Image> | { id: string })[] | undefined;
}

/**
 * What to search for: an image, a vector, an answer of `embed`, the id of a stored vector, which is left out of the
 * matches, or examples.
 */
export type SearchQuery<Image> = Image | Numbers | ModelVector | { id: string } | Examples<Image>;

/** What a classification uses instead of the network's own classes. */
export type ClassifyLookup =
  | {
      /** Name of a set of your own classes, of `client.classes` or of a local engine's `classes`. */
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
