import type { Classification } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import type { ImageOptions, Region } from '../contract/model.ts';
import type { Network } from '../inference/model.ts';
import { abortable, anySignal } from '../util/abortable.ts';
import { mapConcurrent } from '../util/concurrency/map-concurrent.ts';
import { singleFlight } from '../util/single-flight.ts';
import type { Deployment } from './files/deployment.ts';
import type { Host } from './host/host.ts';
import { createPool } from './host/pool.ts';
import { closeImages, drawSvgs, type TakenImage } from './host/take-image.ts';
import { type OpenModel, openModel } from './open.ts';
import type { EngineOptions } from './options.ts';

/** Images of one run: so many may be in memory as full-size pixels at once. */
const batchSize = 8;

/** The part that all answers share. */
type Answer<Model extends string> = Pick<Classification<Model>, 'model' | 'source' | 'device'>;

/** Options of a run. */
export interface InferOptions extends ImageOptions {
  /** The parts of single images that count, by their places, where that is not `region`. */
  regions?: readonly (Region | undefined)[] | undefined;
  /** Called when further images have their answer. */
  onAnswers?: ((count: number) => void) | undefined;
}

/** What is done with a batch of images, in one run. */
export type RunTask<Item> = (network: Network<TakenImage>, batch: TakenImage[]) => Promise<Item[]>;

/** The network of an engine: loaded once, run in the order of the calls, and loaded again after a failure. */
export interface LocalNetwork<Model extends string> {
  /** Loads the model, unless it is loaded. */
  load(): Promise<OpenModel>;
  /** The model, if it is loaded. */
  readonly opened: OpenModel | undefined;
  /** @param nameOf - name of an image in an error. */
  infer<Item>(
    images: readonly ImageSource[],
    options: InferOptions,
    nameOf: (index: number) => string,
    task: RunTask<Item>,
  ): Promise<(Answer<Model> & Item)[]>;
  dispose(): void;
}

/**
 * @param deployment - throws where there is none.
 * @param lifetime - ends the loading and all calls.
 */
export function createNetwork<Model extends string>(
  deployment: () => Deployment,
  options: EngineOptions,
  lifetime: AbortSignal,
): LocalNetwork<Model> {
  const loading = withSignal(options.signal, lifetime);
  const pool = createPool(options.workers ?? 1, load);
  let opened: OpenModel | undefined;
  let hasWarned = false;

  const open = singleFlight(async () => {
    const model = await openModel(deployment(), options, loading);
    if (lifetime.aborted) {
      model.host.dispose();
      return model;
    }
    if (model.obstacle && !hasWarned) {
      hasWarned = true;
      console.warn(
        `unlabel: the network blocks the page while it runs. No Worker could start: ${model.obstacle}`,
      );
    }
    opened = model;
    pool.add(model.host, model.another);
    return model;
  });

  async function load(): Promise<OpenModel> {
    lifetime.throwIfAborted();
    return open();
  }

  /** After any failure but a rejected image, the host is discarded, and with the last one the network. */
  function discard(host: Host): void {
    if (pool.remove(host)) return;
    open.reset();
    opened = undefined;
  }

  async function infer<Item>(
    images: readonly ImageSource[],
    { signal: own, region, regions, onAnswers }: InferOptions,
    nameOf: (index: number) => string,
    task: RunTask<Item>,
  ): Promise<(Answer<Model> & Item)[]> {
    if (images.length === 0) return [];
    // Ends with the call: the images of a batch that has not begun are closed then.
    const call = new AbortController();
    const signal = anySignal(lifetime, call.signal, ...(own ? [own] : []));
    try {
      await abortable(load(), signal);
      const taken = images.map(
        (image, index): TakenImage => ({
          image,
          field: nameOf(index),
          region: regions?.[index] ?? region,
        }),
      );
      const size = Math.min(batchSize, Math.ceil(taken.length / pool.room));
      const inTurn = async (batch: TakenImage[]) => {
        let drawing: Promise<TakenImage[]> | undefined;
        const draw = async () => {
          signal.throwIfAborted();
          drawing = drawSvgs(batch);
          return drawing;
        };
        try {
          return await pool.run(draw, async (host, images) => {
            signal.throwIfAborted();
            return runIn(host, images, task);
          });
        } finally {
          drawing?.then(closeImages, () => {});
        }
      };
      // No more than the pool makes ready: other calls have their turn in between.
      const results = await mapConcurrent(batches(taken, size), pool.room + 1, async (batch) => {
        const answers = await abortable(inTurn(batch), signal);
        onAnswers?.(answers.length);
        return answers;
      });
      return results.flat();
    } finally {
      call.abort();
    }
  }

  async function runIn<Item>(
    host: Host,
    batch: TakenImage[],
    task: RunTask<Item>,
  ): Promise<(Answer<Model> & Item)[]> {
    const { manifest, device } = opened as OpenModel;
    try {
      const items = await task({ manifest, run: (taken) => host.run([...taken]) }, batch);
      const model = { name: manifest.name as Model, version: manifest.version };
      return items.map((item) => ({ model: { ...model }, ...item, source: 'local' as const, device }));
    } catch (cause) {
      const known = cause instanceof UnlabelError ? cause : undefined;
      if (known && known.code !== 'model_unavailable') throw known;
      discard(host);
      throw (
        known ??
        new UnlabelError('internal_error', `The network failed to run: ${(cause as Error).message}`, {
          cause,
        })
      );
    }
  }

  return {
    load,
    infer,
    get opened() {
      return opened;
    },
    dispose: () => pool.dispose(),
  };
}

function* batches<Item>(items: readonly Item[], size: number): Generator<Item[], void> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** The signal of a call, where it has one, and another. */
export function withSignal(own: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return own ? anySignal(own, other) : other;
}
