import type { CallOptions, ImageOptions } from '../model.ts';
import type { Embeddable } from '../vectors.ts';
import type { ClassSetItem } from '../wire.ts';

/** Examples by label. */
export type Pictures<Image> = Record<string, readonly Embeddable<Image>[]>;

/** Sets of classes of your own, to classify with: of a service, or of a page. */
export interface ClassCollection<Image, Options extends CallOptions = CallOptions> {
  /**
   * Makes a set, or replaces the one of that name. A class is the mean of its pictures' unit vectors; about five are
   * enough. Pictures are taken when the call begins.
   *
   * @param pictures - by label, in the order of the classes' `index`; 100 labels and 1,000 pictures at most.
   * @throws UnlabelError `invalid_parameter`, `model_mismatch`, `quota_exceeded`
   */
  create(name: string, pictures: Pictures<Image>, options?: Options & ImageOptions): Promise<ClassSetItem>;
  /** All sets, by name. */
  list(options?: Options): Promise<ClassSetItem[]>;
  /** @throws UnlabelError `classes_not_found` */
  get(name: string, options?: Options): Promise<ClassSetItem>;
  /** Resolves once no set has that name. */
  delete(name: string, options?: Options): Promise<void>;
}
