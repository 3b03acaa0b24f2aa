import factory from '../../../dist/runtime/ort.js';
import { UnlabelError } from '../../contract/errors.ts';
import { singleFlight } from '../../util/single-flight.ts';
import { OrtError, type OrtSession, openOrtSession, startOrt } from '../ort/core.ts';
import type { NetworkSession, Runtime } from './runtime.ts';

/**
 * onnxruntime-web on WASM SIMD and one thread, without the operators and functions that no network of `npm run train` uses,
 * and with the memory of a started runtime (see `scripts/build/runtime.ts`). A network that needs what was removed gets an
 * error that tells what to do. Where a function is missing, that ends the instance of the runtime, too, and whatever is
 * loaded next gets another one.
 *
 * @param module - `dist/runtime/ort.wasm`.
 * @param remedy - how the stock runtime is had instead, for that error.
 */
export function createTrimmedRuntime(module: WebAssembly.Module, remedy: string): Runtime {
  const begin = () => singleFlight(async () => ({ ort: await startOrt(factory, module), broken: false }));
  type Instance = Awaited<ReturnType<ReturnType<typeof begin>>>;
  let current = begin();

  /** Does something in an instance, which must not be used again if that ends in the middle. */
  function guard<T>(instance: Instance, work: () => T): T {
    if (instance.broken) throw new UnlabelError('model_unavailable', 'The runtime has to start anew');
    try {
      return work();
    } catch (cause) {
      if (!(cause instanceof OrtError)) {
        instance.broken = true;
        current = begin();
      }
      if (!isRemoved(cause)) throw cause;
      const message = `This network needs parts of onnxruntime-web that the trimmed runtime lacks: use ${remedy}`;
      throw new UnlabelError('model_unavailable', message, { cause });
    }
  }

  /** Apart from `load`, whose weights it would hold. */
  function sessionIn(instance: Instance, session: OrtSession): NetworkSession {
    return {
      get broken() {
        return instance.broken;
      },
      run: async (pixels, [batch, height, width]) =>
        guard(instance, () => session.run(pixels, [batch, height, width, 3])),
      release: async () => {
        if (!instance.broken) guard(instance, () => session.release());
      },
    };
  }

  return {
    device: 'wasm',
    async start() {
      await current();
    },
    async load(weights) {
      const instance = await current();
      return sessionIn(
        instance,
        guard(instance, () => openOrtSession(instance.ort, weights)),
      );
    },
  };
}

/**
 * Whether this is the trap that stands for a removed function, in the words of V8, SpiderMonkey and JavaScriptCore, or
 * what onnxruntime says of an operator that it does not know.
 */
function isRemoved(error: unknown): boolean {
  if (error instanceof OrtError) return /No Op registered for|not a registered function/.test(error.message);
  return error instanceof WebAssembly.RuntimeError && /unreachable/i.test(error.message);
}
