import type { UnlabelError } from '../errors.ts';
import type { CallOptions, ImageOptions } from '../model.ts';
import type { Embeddable, Filter, ImagePart, Metadata, MetadataValue, ModelVector } from '../vectors.ts';
import type { AliasItem, NamespaceItem } from '../wire.ts';

/** A vector as it is stored. */
export interface StoredVector extends ModelVector {
  id: string;
  namespace: string;
  metadata: Metadata;
  dimensions: number;
}

/** A vector to store, or an image to embed. */
export interface NewItem<Image> {
  id: string;
  vector: Embeddable<Image>;
  metadata?: Metadata | undefined;
}

/** The namespace of a call. */
export interface InNamespace {
  /** @default 'default' */
  namespace?: string | undefined;
}

/** The namespace of a call, and which of its vectors. */
export interface InNamespaceWhere extends InNamespace {
  /** Default: none; all vectors. */
  filter?: Filter | undefined;
}

/** What changes of a vector's metadata: `null` removes a key, and others stay as they are (JSON Merge Patch, RFC 7396). */
export interface MetadataPatch {
  metadata: Record<string, MetadataValue | null>;
}

/** What counts as a duplicate. */
export interface DuplicateOptions extends InNamespaceWhere {
  /** Least cosine of two duplicates, -1 to 1: 1 finds copies alone; what near copies have depends on the model. */
  minScore: number;
}

/** Two vectors of a namespace that are nearly the same. */
export interface DuplicatePair {
  id: string;
  other: string;
  /** Cosine similarity. */
  score: number;
}

/** How a namespace is embedded anew. */
export interface ReembedOptions<Image> {
  /** Namespace that is written to: an empty one, or one that an earlier call has begun. */
  to: string;
  /** The image of a vector; `undefined` leaves it out. Called for one after the other, in the order of the ids. */
  image(item: {
    id: string;
    metadata: Metadata;
  }): Image | ImagePart<Image> | undefined | Promise<Image | ImagePart<Image> | undefined>;
  /** Called after each write: vectors that are done with, those of earlier calls too, of all. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
}

/** What {@link VectorCollection.reembed} did. */
export interface Reembedded {
  /** Vectors that this call has written. */
  written: number;
  /** Ids that had no image. */
  leftOut: string[];
  /** Ids whose image could not be read, and why. */
  failed: { id: string; error: UnlabelError }[];
}

/** Stored vectors, in namespaces: of a service, or of a page. */
export interface VectorCollection<Image, Options extends CallOptions = CallOptions> {
  /**
   * Adds vectors, or replaces those of the same ids. Images are embedded first. Resolves once all are stored. Images,
   * vectors and metadata are taken when the call begins.
   *
   * @throws UnlabelError `model_mismatch`, `quota_exceeded`, `invalid_parameter`
   */
  upsert(items: readonly NewItem<Image>[], options?: Options & ImageOptions & InNamespace): Promise<void>;
  /** @throws UnlabelError `vector_not_found` */
  get(id: string, options?: Options & InNamespace): Promise<StoredVector>;
  /**
   * Changes metadata alone; the vector stays.
   *
   * @returns the metadata as it is then.
   * @throws UnlabelError `vector_not_found`, `invalid_parameter`
   */
  update(id: string, patch: MetadataPatch, options?: Options & InNamespace): Promise<Metadata>;
  /** Resolves once no vector has that id. */
  delete(id: string, options?: Options & InNamespace): Promise<void>;
  /**
   * Deletes the vectors that meet a filter, a thousand at a time: where it fails, some may be gone, and another call
   * goes on.
   *
   * @param filter - at least one condition.
   * @returns how many were deleted, as far as answers told: one that was lost on the way does not count.
   */
  deleteWhere(filter: Filter, options?: Options & InNamespace): Promise<number>;
  /**
   * Empties a namespace, which must be named. It may then take vectors of another model:
   * `client.vectors.clear({ namespace: 'photos' })`.
   *
   * @throws UnlabelError `invalid_parameter` where `namespace` is no text.
   */
  clear(options: Options & { namespace: string }): Promise<void>;
  /** Ids and metadata by id: `for await (const { id } of client.vectors.list())`. */
  list(options?: Options & InNamespaceWhere): AsyncGenerator<{ id: string; metadata: Metadata }, void>;
  /** Number of vectors in the namespace, or of those that meet a filter. */
  count(options?: Options & InNamespaceWhere): Promise<number>;
  /**
   * Pairs of vectors of a namespace, or of those that meet a filter, that are nearly the same; each pair once, by the
   * ids of their first. Searches for one vector after the other. A vector with more than 100 duplicates may lack some.
   *
   * @throws UnlabelError `invalid_parameter`
   */
  duplicates(options: Options & DuplicateOptions): AsyncGenerator<DuplicatePair, void>;
  /**
   * Embeds a namespace anew, with the model that answers now, into another namespace; both can be searched meanwhile.
   * A call that was cut off goes on when it is made again: ids that are there already are not asked for.
   *
   * @param from - the namespace with the vectors of the earlier model.
   * @throws UnlabelError `model_mismatch` where `to` has vectors of another model; what `image` throws.
   */
  reembed(from: string, options: Options & ReembedOptions<Image>): Promise<Reembedded>;
  /**
   * Lets a name stand for a namespace, from one moment to the next: all calls that name it then read and write the other
   * one. After {@link reembed} it moves all readers to the new vectors at once.
   *
   * ```ts
   * await client.vectors.alias('products', 'products-v2');
   * ```
   *
   * @param name - has no vectors of its own; an alias of this name is set anew.
   * @param namespace - what it stands for; no alias. It may be empty.
   * @throws UnlabelError `invalid_parameter`; `quota_exceeded` beyond 1,000.
   */
  alias(name: string, namespace: string, options?: Options): Promise<void>;
  /** All aliases, by name. */
  aliases(options?: Options): Promise<AliasItem[]>;
  /** Resolves once no alias has that name; the vectors stay. */
  deleteAlias(name: string, options?: Options): Promise<void>;
  /** All namespaces with vectors, by name, but the gallery; without aliases. */
  namespaces(options?: Options): AsyncGenerator<NamespaceItem, void>;
}
