import type { ImageSource } from '../../contract/image-source.ts';
import type { CallOptions, ImageOptions } from '../../contract/model.ts';
import type { ClassCollection, Pictures } from '../../contract/resources/classes.ts';
import type { InNamespace, VectorCollection } from '../../contract/resources/vectors.ts';
import type { ModelVector } from '../../contract/vectors.ts';
import type { ClassSetItem } from '../../contract/wire.ts';

/** Where {@link LocalClasses.push} sends a set: a client. */
export interface ClassTarget {
  readonly classes: {
    create(
      name: string,
      pictures: Record<string, readonly ModelVector[]>,
      options?: CallOptions,
    ): Promise<ClassSetItem>;
  };
}

/**
 * Sets of classes that this page keeps in IndexedDB, for all tabs of its origin, on later visits and offline:
 * `engine.classify(image, { classes: 'mine' })`. What is kept of an example is its vector, not the image. Each write is
 * one transaction: all of it or nothing, and no example of another tab is lost.
 *
 * Beside what each method names, all throw UnlabelError `quota_exceeded` where the browser has no room,
 * `store_unavailable` where its storage fails, and `invalid_parameter`.
 */
export interface LocalClasses extends ClassCollection<ImageSource> {
  /**
   * Adds examples to a set, which is made where there is none, and classes with them.
   *
   * @returns ids of the examples, in the order of the pictures, for {@link remove}.
   * @throws UnlabelError `model_mismatch` where the set belongs to another model.
   */
  add(name: string, pictures: Pictures<ImageSource>, options?: ImageOptions): Promise<string[]>;
  /**
   * The examples of a set, in the order in which they were added.
   *
   * @throws UnlabelError `classes_not_found`
   */
  examples(name: string): Promise<{ id: string; label: string }[]>;
  /** Removes an example; a class without examples goes, and a set without classes. */
  remove(name: string, id: string): Promise<void>;
  /**
   * A set as one file: an index file, with the label in each vector's metadata.
   *
   * @throws UnlabelError `classes_not_found`
   */
  export(name: string): Promise<Blob>;
  /**
   * Makes a set of an exported file, or replaces the one of that name.
   *
   * @throws UnlabelError `invalid_request` for another file.
   */
  import(name: string, file: Blob): Promise<ClassSetItem>;
  /**
   * Sends a set to a service, where it replaces the one of that name; it gives the same answers there.
   *
   * @throws UnlabelError `classes_not_found`; what `client.classes.create` throws.
   */
  push(name: string, target: ClassTarget, options?: CallOptions): Promise<ClassSetItem>;
}

/**
 * Vectors that this page keeps in IndexedDB, in namespaces, for all tabs of its origin, on later visits and offline.
 * `search`, and `classify` by neighbors, use a namespace of the page's own where it has vectors, else the deployment's.
 * An `upsert` is one transaction.
 *
 * Beside what each method names, all throw UnlabelError `quota_exceeded` where the browser has no room,
 * `store_unavailable` where its storage fails, and `invalid_parameter`.
 */
export interface LocalVectors extends VectorCollection<ImageSource> {
  /**
   * A namespace as one file, as `GET /v1/index/:namespace` gives it.
   *
   * @throws UnlabelError `not_found` where it is empty.
   */
  export(options?: InNamespace): Promise<Blob>;
  /**
   * Puts an exported file in place of a namespace.
   *
   * @returns the number of vectors.
   * @throws UnlabelError `invalid_request` for another file.
   */
  import(file: Blob, options?: InNamespace): Promise<number>;
  /**
   * Puts a copy of the deployment's namespace in place of the page's own. Later writes of either do not reach the
   * other.
   *
   * @returns the number of vectors.
   * @throws UnlabelError `unauthorized`, `forbidden`, `not_supported`; `model_unavailable` where it cannot be had.
   */
  pull(options?: CallOptions & InNamespace): Promise<number>;
}
