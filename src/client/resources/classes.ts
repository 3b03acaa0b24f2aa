import type { ClassSetItem, ClassSetList } from '../../contract/wire.ts';
import { checkShape } from '../read-response.ts';
import type { RequestOptions, Send } from '../request.ts';
import { type ImageOrVector, jsonOf, toVectors } from '../vector-source.ts';
import type { createEmbed } from './embed.ts';

/**
 * Sets of classes of your own, to classify with: `client.classify(image, { classes: 'my-classes' })`. Writing needs a
 * key with the scope `write`.
 *
 * Every method throws `UnlabelApiError` or its subclass for the `code`, ConnectionError, and TimeoutError.
 */
export interface Classes {
  /**
   * Makes a set, or replaces the one of that name. A class is the mean of its pictures' unit vectors; five or so do.
   *
   * @param pictures - by label, in the order of the classes' `index`; 100 labels at most.
   */
  create(
    name: string,
    pictures: Record<string, readonly ImageOrVector[]>,
    options?: RequestOptions,
  ): Promise<ClassSetItem>;
  /** All sets, by name. */
  list(options?: RequestOptions): Promise<ClassSetItem[]>;
  /** @throws ClassesNotFoundError */
  get(name: string, options?: RequestOptions): Promise<ClassSetItem>;
  /** Resolves when there is no set of that name any more. */
  delete(name: string, options?: RequestOptions): Promise<void>;
}

/** Below `/v1/classes`. */
export function createClasses(send: Send, embed: ReturnType<typeof createEmbed>, model?: string): Classes {
  const base = 'v1/classes';
  const pathOf = (name: string) => `${base}/${encodeURIComponent(name)}`;
  return {
    async create(name, pictures, options) {
      const vectors = await toVectors(embed, Object.values(pictures).flat(), options);
      const classes = Object.fromEntries(
        Object.entries(pictures).map(([label, { length }]) => [label, vectors.splice(0, length)]),
      );
      return send(
        { path: pathOf(name), query: { model }, method: 'PUT', body: jsonOf({ classes }) },
        readSet,
        options,
      );
    },
    list: (options) => send({ path: base }, (body) => (body as ClassSetList).sets.map(readSet), options),
    get: (name, options) => send({ path: pathOf(name) }, readSet, options),
    async delete(name, options) {
      await send({ path: pathOf(name), method: 'DELETE' }, Object, options);
    },
  };
}

function readSet(body: unknown): ClassSetItem {
  const set = body as ClassSetItem;
  checkShape(typeof set.name === 'string' && Array.isArray(set.classes));
  return set;
}
