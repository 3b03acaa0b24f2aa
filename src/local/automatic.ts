import type { Classification, ClassifyOptions, Embedding, Engine } from '../contract/engine.ts';
import type { ErrorCode, UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import type { CallOptions } from '../contract/model.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../contract/vectors.ts';
import type { LocalEngine } from './options.ts';

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
const callerErrors: ReadonlySet<ErrorCode | undefined> = new Set([
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
  async function ask<Answer>(
    call: (engine: Engine<ImageSource, Model>) => Promise<Answer>,
    signal: AbortSignal | undefined,
    isLocalFirst = prefer === 'local' && local.device !== undefined,
  ): Promise<Answer> {
    const [first, second] = isLocalFirst ? [local, hosted] : [hosted, local];
    try {
      return await call(first);
    } catch (error) {
      if (signal?.aborted || callerErrors.has((error as Partial<UnlabelError>).code)) throw error;
      try {
        return await call(second);
      } catch (other) {
        throw signal?.aborted ? other : error;
      }
    }
  }

  function classify(image: ImageSource, options?: ClassifyOptions): Promise<Classification<Model>>;
  function classify(
    images: readonly ImageSource[],
    options?: ClassifyOptions,
  ): Promise<Classification<Model>[]>;
  function classify(image: ImageSource | readonly ImageSource[], options: ClassifyOptions = {}) {
    return ask<Classification<Model> | Classification<Model>[]>(
      (engine) => engine.classify(image as ImageSource, options),
      options.signal,
    );
  }

  function embed(image: ImageSource, options?: CallOptions): Promise<Embedding<Model>>;
  function embed(images: readonly ImageSource[], options?: CallOptions): Promise<Embedding<Model>[]>;
  function embed(image: ImageSource | readonly ImageSource[], options: CallOptions = {}) {
    return ask<Embedding<Model> | Embedding<Model>[]>(
      (engine) => engine.embed(image as ImageSource, options),
      options.signal,
    );
  }

  // The service has the current vectors; the page has a copy that may have to be downloaded.
  function search(query: SearchQuery<ImageSource>, options?: SearchOptions): Promise<SearchResult<Model>>;
  function search(images: readonly ImageSource[], options?: SearchOptions): Promise<SearchResult<Model>[]>;
  function search(query: SearchQuery<ImageSource> | readonly ImageSource[], options: SearchOptions = {}) {
    return ask<SearchResult<Model> | SearchResult<Model>[]>(
      (engine) => engine.search(query as SearchQuery<ImageSource>, options),
      options.signal,
      false,
    );
  }

  return { classify, embed, search };
}
