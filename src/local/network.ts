import type { Classification } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import type { ImageOptions } from '../contract/model.ts';
import type { Network } from '../inference/model.ts';
import { abortable, anySignal } from '../util/abortable.ts';
import { createSerial } from '../util/concurrency/serial.ts';
import { singleFlight } from '../util/single-flight.ts';
import type { Deployment } from './files/deployment.ts';
import type { TakenImage } from './host/take-image.ts';
import { type OpenModel, openModel } from './open.ts';
import type { EngineOptions } from './options.ts';

/** Images of one run: so many may be in memory as full-size pixels at once. */
const batchSize = 8;

/** The part that all answers share. */
type Answer<Model extends string> = Pick<Classification<Model>, 'model' | 'source' | 'device'>;

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
    options: ImageOptions,
    nameOf: (index: number) => string,
    task: RunTask<Item>,
  ): Promise<(Answer<Model> & Item)[]>;
}

/**
 * @param deployment - throws where there is none.
 * @param lifetime - ends the network and all its calls.
 */
export function createNetwork<Model extends string>(
  deployment: () => Deployment,
  options: EngineOptions,
  lifetime: AbortSignal,
): LocalNetwork<Model> {
  const loading = withSignal(options.signal, lifetime);
  const inTurn = createSerial();
  let opened: OpenModel | undefined;
  let hasWarned = false;

  const open = singleFlight(async () => {
    const model = await openModel(deployment(), options, loading);
    if (lifetime.aborted) model.host.dispose();
    if (model.obstacle && !hasWarned) {
      hasWarned = true;
      console.warn(
        `unlabel: the network blocks the page while it runs. No Worker could start: ${model.obstacle}`,
      );
    }
    opened = model;
    return model;
  });

  async function load(): Promise<OpenModel> {
    lifetime.throwIfAborted();
    return open();
  }

  /** After any failure but a rejected image, the network is discarded. */
  function discard({ host }: OpenModel): void {
    host.dispose();
    open.reset();
    opened = undefined;
  }

  async function infer<Item>(
    images: readonly ImageSource[],
    { signal: own, region }: ImageOptions,
    nameOf: (index: number) => string,
    task: RunTask<Item>,
  ): Promise<(Answer<Model> & Item)[]> {
    const signal = withSignal(own, lifetime);
    const taken = images.map((image, index): TakenImage => ({ image, field: nameOf(index), region }));
    const results: (Answer<Model> & Item)[] = [];
    for (let start = 0; start < taken.length; start += batchSize) {
      const batch = taken.slice(start, start + batchSize);
      const turn = inTurn(async () => {
        signal.throwIfAborted();
        const current = await load();
        signal.throwIfAborted();
        return runIn(current, batch, task);
      });
      results.push(...(await abortable(turn, signal)));
    }
    return results;
  }

  async function runIn<Item>(
    current: OpenModel,
    batch: TakenImage[],
    task: RunTask<Item>,
  ): Promise<(Answer<Model> & Item)[]> {
    const { manifest, device, host } = current;
    try {
      const items = await task({ manifest, run: (taken) => host.run([...taken]) }, batch);
      const model = { name: manifest.name as Model, version: manifest.version };
      return items.map((item) => ({ model: { ...model }, ...item, source: 'local' as const, device }));
    } catch (cause) {
      const known = cause instanceof UnlabelError ? cause : undefined;
      if (known && known.code !== 'model_unavailable') throw known;
      if (opened === current) discard(current);
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
  };
}

/** The signal of a call, where it has one, and another. */
export function withSignal(own: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return own ? anySignal(own, other) : other;
}
