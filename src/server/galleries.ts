import { UnlabelError } from '../contract/errors.ts';
import type { Manifest } from '../contract/manifest.ts';
import { galleryIsReadOnly } from '../contract/rules/names.ts';
import type { Match } from '../contract/vectors.ts';
import { delay } from '../util/delay.ts';
import { sha256 } from '../util/sha256.ts';
import { singleFlight } from '../util/single-flight.ts';
import { LoadedIndex } from '../vectors/loaded-index.ts';
import { emptyNamespace, type VectorStore, vectorNotFound } from '../vectors/store.ts';
import type { ModelRegistry } from './model-registry.ts';

/** A gallery in memory. */
interface Gallery {
  index: LoadedIndex;
  bytes: Uint8Array<ArrayBuffer>;
  sha256: string;
}

/** The galleries of the deployment's models, each loaded once, by the hash of its file. */
export class Galleries {
  readonly #models: ModelRegistry;
  readonly #loads = new Map<string, () => Promise<Gallery>>();

  constructor(models: ModelRegistry) {
    this.#models = models;
  }

  /**
   * The gallery of a model, as a read-only namespace.
   * @param name - default: the default model.
   */
  store(name?: string): VectorStore {
    const manifest = async () => this.#models.manifest(name ?? (await this.#models.defaultName()));
    const load = async () => this.#load(await manifest());
    const refuse = async () => {
      throw galleryIsReadOnly();
    };
    return {
      upsert: refuse,
      check: refuse,
      update: refuse,
      delete: refuse,
      deleteWhere: refuse,
      clear: refuse,
      async get(_, id) {
        const gallery = await load();
        if (!gallery) throw vectorNotFound();
        return { ...gallery.index.get(id), model: gallery.index.model };
      },
      async list(_, limit, after, filter) {
        const gallery = await load();
        if (!gallery) return { model: undefined, count: 0, vectors: [], hasMore: false };
        const { model, size } = gallery.index;
        const vectors = gallery.index.list(limit + 1, after, filter);
        return {
          model: { name: model.name, version: model.version },
          count: filter ? gallery.index.ids(filter).length : size,
          vectors: vectors.slice(0, limit),
          hasMore: vectors.length > limit,
        };
      },
      async search(namespace, query, options) {
        const gallery = await load();
        if (gallery) return { model: gallery.index.model, matches: gallery.index.search(query, options) };
        return emptyNamespace.search(namespace, query, options);
      },
      async searchAll(_, model, vectors, options) {
        const gallery = await load();
        if (!gallery) return vectors.map(() => []);
        const found: Match[][] = [];
        for (const matches of gallery.index.searches(model, vectors, options)) {
          found.push(matches);
          // Other requests come in between.
          await delay(0);
        }
        return found;
      },
      etag: async () => (await manifest()).gallery?.sha256,
      async export() {
        const gallery = await load();
        return gallery && { etag: gallery.sha256, body: new Blob([gallery.bytes]).stream() };
      },
    };
  }

  /** @returns undefined where the model has none. */
  async #load({ name, gallery }: Manifest): Promise<Gallery | undefined> {
    if (!gallery) return undefined;
    const { file, sha256: expected } = gallery;
    let load = this.#loads.get(expected);
    if (!load) {
      load = singleFlight(async () => {
        const bytes = new Uint8Array(await (await this.#models.file(name, file)).arrayBuffer());
        if ((await sha256(bytes)) !== expected)
          throw new UnlabelError('model_unavailable', `${file} does not have the hash of its manifest`);
        return { index: new LoadedIndex(bytes), bytes, sha256: expected };
      });
      this.#loads.set(expected, load);
    }
    return load();
  }
}
