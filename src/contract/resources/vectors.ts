import type { CallOptions } from '../model.ts';
import type { Metadata, ModelVector, Numbers } from '../vectors.ts';

/** A vector as it is stored. */
export interface StoredVector extends ModelVector {
  id: string;
  namespace: string;
  metadata: Metadata;
  dimensions: number;
}

/** A vector to store: itself, an answer of `embed`, whose model is then checked, or an image to embed. */
export interface NewItem<Image> {
  id: string;
  vector: Image | Numbers | ModelVector;
  metadata?: Metadata | undefined;
}

/** The namespace of a call. */
export interface InNamespace {
  /** @default 'default' */
  namespace?: string | undefined;
}

/** Stored vectors, in namespaces: of a service, or of a page. */
export interface VectorCollection<Image, Options extends CallOptions = CallOptions> {
  /**
   * Adds vectors, or replaces those of the same ids. Images are embedded first. Resolves once all are stored. Images,
   * vectors and metadata are taken when the call begins.
   *
   * @throws UnlabelError `model_mismatch`, `quota_exceeded`, `invalid_parameter`
   */
  upsert(items: readonly NewItem<Image>[], options?: Options & InNamespace): Promise<void>;
  /** @throws UnlabelError `vector_not_found` */
  get(id: string, options?: Options & InNamespace): Promise<StoredVector>;
  /** Resolves once no vector has that id. */
  delete(id: string, options?: Options & InNamespace): Promise<void>;
  /** Empties a namespace. It may then take vectors of another model. */
  clear(namespace: string, options?: Options): Promise<void>;
  /** Ids and metadata by id: `for await (const { id } of client.vectors.list())`. */
  list(options?: Options & InNamespace): AsyncGenerator<{ id: string; metadata: Metadata }, void>;
  /** Number of vectors in the namespace. */
  count(options?: Options & InNamespace): Promise<number>;
}
