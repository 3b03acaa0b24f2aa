import type { Classification, ClassifyOptions, Embedding, Engine } from '../contract/engine.ts';
import type { ErrorCode, UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import { galleryNamespace, requestsAtOnce } from '../contract/limits.ts';
import type { ImageOptions, ListOptions, Settled } from '../contract/model.ts';
import type { Moving, Watching, WatchOptions } from '../contract/resources/watch.ts';
import { settleOwn } from '../contract/rules/settle.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../contract/vectors.ts';
import { abortable } from '../util/abortable.ts';
import { mapConcurrent } from '../util/concurrency/map-concurrent.ts';
import { countDone } from '../util/count-done.ts';
import type { LocalClasses, LocalVectors } from './data/interface.ts';
import type { LookupOptions } from './lookup/classify.ts';
import type { LocalEngine } from './options.ts';
import { isList, type Kind, withTaken } from './take-call.ts';

/** Options of {@link createEngine}. */
export interface AutomaticOptions<Model extends string = string> {
  /** An engine that answers elsewhere, such as a client; with `maxRetries: 0` it falls back at once. */
  hosted: Engine<ImageSource, Model>;
  local: LocalEngine<NoInfer<Model>>;
  /**
   * Which engine answers if both can. `local`: the hosted one answers until the model is loaded.
   * @default 'local'
   */
  prefer?: 'local' | 'hosted' | undefined;
}

/** A hosted and a local engine, joined. */
export interface AutomaticEngine<Model extends string = string>
  extends Engine<ImageSource, Model>,
    Watching<ImageSource, Model> {
  /** Classes of your own, kept in this page: those of the local engine. */
  readonly classes: LocalClasses;
  /** Vectors, kept in this page: those of the local engine. */
  readonly vectors: LocalVectors;
  /** Whether a later visit finds the classes and vectors of the page. */
  readonly persistent: Promise<boolean>;
}

/** Errors of the caller: the other engine would throw them too. */
const callerErrors: ReadonlySet<UnlabelError['code'] | undefined> = new Set<ErrorCode>([
  'invalid_request',
  'invalid_image',
  'invalid_parameter',
  'image_too_large',
  'body_too_large',
  'unsupported_media_type',
  'model_mismatch',
  'vector_not_found',
  'classes_not_found',
]);

/**
 * Joins a hosted and a local engine. One answers; the other one answers if the first fails for a reason that it may
 * not share: no network, 429, 5xx, a model that cannot be loaded or run. Each answer has its `source` and `device`.
 * What the page keeps, of `classes` and `vectors`, is asked in the page; searches of all other namespaces, and sets that
 * the page does not have, ask the hosted engine first.
 *
 * ```ts
 * const engine = createEngine({ hosted: createClient({ url, maxRetries: 0 }), local: createLocalEngine({ model, baseUrl: url }) });
 * ```
 *
 * If both fail, the call rejects with the error of the engine that was asked first.
 */
export function createEngine<Model extends string>({
  hosted,
  local,
  prefer = 'local',
}: AutomaticOptions<Model>): AutomaticEngine<Model> {
  /** Asks one engine, and the other one with the same input if that fails. */
  async function ask<Query extends SearchQuery<ImageSource>, Answer>(
    input: Query | readonly Query[],
    kind: Kind,
    signal: AbortSignal | undefined,
    call: (engine: Engine<ImageSource, Model>, input: Query) => Promise<Answer>,
    isLocalFirst: () => Promise<boolean> | boolean = isPreferred,
  ): Promise<Answer> {
    return withTaken(input, kind, signal, (items) =>
      askTaken((isList(input, kind) ? items : items[0]) as Query, signal, call, isLocalFirst),
    );
  }

  async function askTaken<Query, Answer>(
    taken: Query,
    signal: AbortSignal | undefined,
    call: (engine: Engine<ImageSource, Model>, input: Query) => Promise<Answer>,
    isLocalFirst: () => Promise<boolean> | boolean,
  ): Promise<Answer> {
    const [first, second] = (await isLocalFirst()) ? [local, hosted] : [hosted, local];
    try {
      return await call(first, taken);
    } catch (error) {
      if (
        signal?.aborted ||
        thrown.has(error as object) ||
        callerErrors.has((error as Partial<UnlabelError>).code)
      )
        throw error;
      try {
        return await call(second, taken);
      } catch (other) {
        throw signal?.aborted ? other : error;
      }
    }
  }

  /** Asks for each item of a list by itself, a few at a time; all are taken at once. */
  async function askEach<Query extends SearchQuery<ImageSource>, Answer>(
    inputs: readonly Query[],
    kind: Kind,
    signal: AbortSignal | undefined,
    call: (engine: Engine<ImageSource, Model>, input: Query) => Promise<Answer>,
    isLocalFirst: () => Promise<boolean> | boolean = isPreferred,
    onProgress?: ListOptions['onProgress'],
  ): Promise<PromiseSettledResult<Answer>[]> {
    const done = countDone(inputs.length, onProgress);
    const end = new AbortController();
    const asks = Array.from(inputs, (input, i) => {
      const name = `${kind}[${i}]`;
      let begin = () => {};
      const begun = new Promise<void>((resolve) => (begin = resolve));
      const ask = async ([taken]: Query[]) => {
        await abortable(begun, end.signal);
        return askTaken(taken as Query, signal, call, isLocalFirst);
      };
      const answer = settleOwn(
        name,
        withTaken([input], kind, signal, ask, () => name),
      );
      // It may fail before it is drawn.
      answer.catch(() => {});
      return { begin, answer };
    });
    try {
      return await mapConcurrent(asks, requestsAtOnce, async ({ begin, answer }) => {
        begin();
        const outcome = await answer;
        done(1);
        return outcome;
      });
    } finally {
      // After a failure, those that were not begun close their copies.
      end.abort();
    }
  }

  function isPreferred(): boolean {
    return prefer === 'local' && local.device !== undefined;
  }

  /** Whether the page has a namespace of its own; a store that fails has none. */
  async function hasNamespace(namespace: string | undefined): Promise<boolean> {
    if (namespace === galleryNamespace) return false;
    return local.vectors.count({ namespace }).then(
      (count) => count > 0,
      () => false,
    );
  }

  /** Options for the service, which does not know the aliases of the page. */
  async function forService<Options extends { namespace?: string | undefined }>(
    options: Options,
  ): Promise<Options> {
    const { namespace } = options;
    if (namespace === undefined || namespace === galleryNamespace) return options;
    const aliases = await local.vectors.aliases().catch(() => []);
    const alias = aliases.find(({ name }) => name === namespace);
    return alias ? { ...options, namespace: alias.namespace } : options;
  }

  function hasLookup({ classes, method, namespace = galleryNamespace }: LookupOptions) {
    if (classes !== undefined)
      return local.classes.get(classes).then(
        () => true,
        () => false,
      );
    const isForeign = method === 'neighbors' && namespace !== galleryNamespace;
    return isForeign ? hasNamespace(namespace) : isPreferred();
  }

  function classify(
    image: ImageSource | readonly ImageSource[],
    options: ClassifyOptions & LookupOptions & ListOptions & Partial<Settled> = {},
  ) {
    if (options.settled && isList(image, 'images')) {
      const { settled, onProgress, ...own } = options;
      return askEach(
        image,
        'images',
        options.signal,
        async (engine, taken) => engine.classify(taken, engine === hosted ? await forService(own) : own),
        () => hasLookup(options),
        onProgress,
      );
    }
    const own: typeof options = { ...options, onProgress: noted(options.onProgress) };
    return ask<ImageSource, Classification<Model> | Classification<Model>[]>(
      image,
      'images',
      options.signal,
      async (engine, taken) => engine.classify(taken, engine === hosted ? await forService(own) : own),
      () => hasLookup(options),
    );
  }

  function embed(
    image: ImageSource | readonly ImageSource[],
    { settled, onProgress, ...own }: ImageOptions & ListOptions & Partial<Settled> = {},
  ) {
    if (settled && isList(image, 'images'))
      return askEach(
        image,
        'images',
        own.signal,
        (engine, taken) => engine.embed(taken, own),
        isPreferred,
        onProgress,
      );
    const options = { ...own, onProgress: noted(onProgress) };
    return ask<ImageSource, Embedding<Model> | Embedding<Model>[]>(
      image,
      'images',
      options.signal,
      (engine, taken) => engine.embed(taken, options),
    );
  }

  // The service has the current vectors of its own; the page has a copy that may have to be downloaded.
  function search(
    query: SearchQuery<ImageSource> | readonly SearchQuery<ImageSource>[],
    { settled, ...options }: SearchOptions & Partial<Settled> = {},
  ) {
    if (settled && isList<SearchQuery<ImageSource>>(query, 'queries'))
      return askEach(
        query,
        'queries',
        options.signal,
        async (engine, taken) =>
          engine.search(taken, engine === hosted ? await forService(options) : options),
        () => hasNamespace(options.namespace),
      );
    return ask<SearchQuery<ImageSource>, SearchResult<Model> | SearchResult<Model>[]>(
      query,
      'queries',
      options.signal,
      async (engine, taken) => engine.search(taken, engine === hosted ? await forService(options) : options),
      () => hasNamespace(options.namespace),
    );
  }

  return {
    classify: classify as Engine<ImageSource, Model>['classify'],
    embed: embed as Engine<ImageSource, Model>['embed'],
    search: search as Engine<ImageSource, Model>['search'],
    async *watch(source: Moving<ImageSource>, options: WatchOptions = {}) {
      const { watch } = await import('../image/watch-web.ts');
      yield* watch({ classify: classify as Engine<ImageSource, Model>['classify'] }, source, options);
    },
    classes: local.classes,
    vectors: local.vectors,
    get persistent() {
      return local.persistent;
    },
  };
}

/** What listeners of callers have thrown: it is no failure of an engine. */
const thrown = new WeakSet<object>();

function noted(onProgress: ListOptions['onProgress']): ListOptions['onProgress'] {
  return (
    onProgress &&
    ((progress) => {
      try {
        onProgress(progress);
      } catch (error) {
        if (typeof error === 'object' && error) thrown.add(error);
        throw error;
      }
    })
  );
}
