import type { Classification, ClassifyOptions, Embedding, Engine } from '../contract/engine.ts';
import type { ErrorCode, UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import type { CallOptions } from '../contract/model.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../contract/vectors.ts';
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
export interface AutomaticEngine<Model extends string = string> extends Engine<ImageSource, Model> {}

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
]);

/**
 * Joins a hosted and a local engine. One answers; the other one answers if the first fails for a reason that it may
 * not share: no network, 429, 5xx, a model that cannot be loaded or run. Each answer has its `source` and `device`.
 * Searches always ask the hosted engine first: it has the current vectors.
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
    isLocalFirst = prefer === 'local' && local.device !== undefined,
  ): Promise<Answer> {
    const [first, second] = isLocalFirst ? [local, hosted] : [hosted, local];
    return withTaken(input, kind, signal, async (items) => {
      const taken = (isList(input, kind) ? items : items[0]) as Query;
      try {
        return await call(first, taken);
      } catch (error) {
        if (signal?.aborted || callerErrors.has((error as Partial<UnlabelError>).code)) throw error;
        try {
          return await call(second, taken);
        } catch (other) {
          throw signal?.aborted ? other : error;
        }
      }
    });
  }

  function classify(image: ImageSource, options?: ClassifyOptions): Promise<Classification<Model>>;
  function classify(
    images: readonly ImageSource[],
    options?: ClassifyOptions,
  ): Promise<Classification<Model>[]>;
  function classify(image: ImageSource | readonly ImageSource[], options: ClassifyOptions = {}) {
    return ask<ImageSource, Classification<Model> | Classification<Model>[]>(
      image,
      'images',
      options.signal,
      (engine, taken) => engine.classify(taken, options),
    );
  }

  function embed(image: ImageSource, options?: CallOptions): Promise<Embedding<Model>>;
  function embed(images: readonly ImageSource[], options?: CallOptions): Promise<Embedding<Model>[]>;
  function embed(image: ImageSource | readonly ImageSource[], options: CallOptions = {}) {
    return ask<ImageSource, Embedding<Model> | Embedding<Model>[]>(
      image,
      'images',
      options.signal,
      (engine, taken) => engine.embed(taken, options),
    );
  }

  // The service has the current vectors; the page has a copy that may have to be downloaded.
  function search(query: SearchQuery<ImageSource>, options?: SearchOptions): Promise<SearchResult<Model>>;
  function search(
    queries: readonly SearchQuery<ImageSource>[],
    options?: SearchOptions,
  ): Promise<SearchResult<Model>[]>;
  function search(
    query: SearchQuery<ImageSource> | readonly SearchQuery<ImageSource>[],
    options: SearchOptions = {},
  ) {
    return ask<SearchQuery<ImageSource>, SearchResult<Model> | SearchResult<Model>[]>(
      query,
      'queries',
      options.signal,
      (engine, taken) => engine.search(taken, options),
      false,
    );
  }

  return { classify, embed, search };
}
