import { UnlabelError } from '../contract/errors.ts';
import { checkDeletion, checkFilter } from '../contract/filter.ts';
import { brandOf, isBlob } from '../contract/image-source.ts';
import type { CallOptions, ImageOptions } from '../contract/model.ts';
import type { InNamespace, InNamespaceWhere } from '../contract/resources/vectors.ts';
import { duplicates } from '../contract/rules/duplicates.ts';
import { namedIn } from '../contract/rules/namespace.ts';
import { listPictures } from '../contract/rules/pictures.ts';
import { reembed } from '../contract/rules/reembed.ts';
import { readRegion } from '../contract/rules/region.ts';
import type { Match, SearchOptions } from '../contract/vectors.ts';
import type { LocalClasses, LocalVectors } from './data/interface.ts';
import type { NamedSource } from './data/sources.ts';
import type { Lookup } from './lookup/lookup.ts';
import { withTaken } from './take-call.ts';

/** What the page's own data needs of its engine. */
interface Parts {
  /** Loads the code of lookups. */
  load(signal: AbortSignal): Promise<Lookup<string>>;
  /** The signal of a call: its own one, and the end of the engine. */
  signalOf(options: CallOptions): AbortSignal;
  /** Searches by a stored vector. */
  search(query: { id: string }, options: SearchOptions): Promise<{ matches: Match[] }>;
}

/**
 * The page's own classes and vectors. Their code is loaded by the first call; what a call is given is taken before
 * control returns.
 */
export function createResources({ load, signalOf, search }: Parts): {
  classes: LocalClasses;
  vectors: LocalVectors;
} {
  /** Runs a call with its images and vectors as they are now. */
  async function withSources<Item extends NamedSource, Result>(
    items: readonly Item[],
    options: ImageOptions,
    call: (lookup: Lookup<string>, items: Item[], options: ImageOptions) => Promise<Result>,
  ): Promise<Result> {
    const signal = signalOf(options);
    const region = readRegion(options.region);
    return withTaken(
      items.map(({ source }) => source),
      'sources',
      signal,
      async (taken) => {
        const sources = items.map((item, i) => ({ ...item, source: taken[i] as NamedSource['source'] }));
        return call(await load(signal), sources, { ...options, signal, region });
      },
      (index) => items[index]?.field as string,
    );
  }

  async function without<Options extends CallOptions, Result>(
    options: Options,
    call: (lookup: Lookup<string>, options: Options & { signal: AbortSignal }) => Promise<Result>,
  ): Promise<Result> {
    const signal = signalOf(options);
    signal.throwIfAborted();
    return call(await load(signal), { ...options, signal });
  }

  const inNamespace = (options: CallOptions & InNamespace = {}) => options;
  const vectors: LocalVectors = {
    upsert: async (items, options = {}) => {
      const listed = Array.from(items, ({ id, vector, metadata }, i) => ({
        id,
        source: vector,
        metadata: metadata === undefined ? {} : structuredClone(metadata),
        field: `items[${i}].vector`,
      }));
      return withSources(listed, options, ({ vectors }, taken, own) => vectors.upsert(taken, own));
    },
    get: (id, options) => without(inNamespace(options), ({ vectors }, own) => vectors.get(id, own)),
    update: async (id, { metadata }, options = {}) => {
      const taken = structuredClone(metadata);
      return without(options, ({ vectors }, own) => vectors.update(id, taken, own));
    },
    delete: (id, options) => without(inNamespace(options), ({ vectors }, own) => vectors.delete(id, own)),
    deleteWhere: async (filter, options = {}) => {
      checkDeletion(filter);
      const taken = structuredClone(filter);
      return without(options, ({ vectors }, own) => vectors.deleteWhere(taken, own));
    },
    clear: async (options) => {
      const namespace = namedIn(options);
      await without(options, ({ vectors }) => vectors.clear(namespace));
    },
    async *list(options = {}) {
      const taken = takeWhere(options);
      for (let last: string | undefined; ; ) {
        const after = last;
        const page = await without(taken, ({ vectors }, own) => vectors.page(own, after));
        yield* page;
        last = page.at(-1)?.id;
        if (last === undefined) return;
      }
    },
    count: async (options = {}) => without(takeWhere(options), ({ vectors }, own) => vectors.count(own)),
    alias: async (name, namespace, options = {}) =>
      without(options, ({ vectors }) => vectors.alias(name, namespace)),
    aliases: async (options = {}) => without(options, ({ vectors }) => vectors.aliases()),
    deleteAlias: async (name, options = {}) => without(options, ({ vectors }) => vectors.deleteAlias(name)),
    async *namespaces(options = {}) {
      yield* await without(options, ({ vectors }) => vectors.namespaces());
    },
    export: (options = {}) => without(inNamespace(options), ({ vectors }, own) => vectors.export(own)),
    import: (file, options = {}) =>
      without(inNamespace(options), ({ vectors }, own) => vectors.import(fileOf(file), own)),
    pull: (options) => without(inNamespace(options), ({ vectors }, own) => vectors.pull(own)),
    async *duplicates(options) {
      yield* duplicates<CallOptions>(vectors, search, takeWhere(options));
    },
    reembed: (from, options) => reembed(vectors, from, options),
  };
  return {
    classes: {
      create: async (name, pictures, options = {}) =>
        withSources(listPictures(pictures), options, ({ classes }, listed, own) =>
          classes.create(name, listed, own),
        ),
      add: async (name, pictures, options = {}) =>
        withSources(listPictures(pictures), options, ({ classes }, listed, own) =>
          classes.add(name, listed, own),
        ),
      list: (options = {}) => without(options, ({ classes }) => classes.list()),
      get: (name, options = {}) => without(options, ({ classes }) => classes.get(name)),
      delete: (name, options = {}) => without(options, ({ classes }) => classes.delete(name)),
      examples: (name) => without({}, ({ classes }) => classes.examples(name)),
      remove: (name, id) => without({}, ({ classes }) => classes.remove(name, id)),
      export: (name) => without({}, ({ classes }) => classes.export(name)),
      import: (name, file) => without({}, ({ classes }) => classes.import(name, fileOf(file))),
      push: (name, target, options = {}) =>
        without(options, ({ classes }, own) => classes.push(name, target, own)),
    },
    vectors,
  };
}

/** The options of a call as they are now. */
function takeWhere<Options extends InNamespaceWhere>(options: Options): Options {
  const { filter } = options;
  if (filter !== undefined) checkFilter(filter);
  return { ...options, filter: structuredClone(filter) };
}

function fileOf(file: unknown): Blob {
  if (isBlob(file)) return file;
  throw new UnlabelError('invalid_parameter', `file must be a Blob or File, got ${brandOf(file)}`, {
    field: 'file',
  });
}
