import type { Env } from 'onnxruntime-web';
import type { Device } from '../../contract/model.ts';
import { createSerial } from '../../util/concurrency/serial.ts';
import { withCompiled } from '../ort/compiled.ts';
import { createOrtSession, type Ort } from '../ort/session.ts';
import type { WebRuntime } from './web-runtime.ts';

/** One session at a time: all engines of a page share each build's settings, and `WebAssembly.instantiate`. */
const inTurn = createSerial();

export function createWebRuntime(ort: Ort & { env: Env }, device: Device): WebRuntime {
  return {
    device,
    version: ort.env.versions.web ?? ort.env.versions.common,
    start: (module, threads) => ({
      device,
      load: (weights) =>
        inTurn(() => {
          const placeholder = new ArrayBuffer(8);
          ort.env.wasm.numThreads = threads;
          ort.env.wasm.wasmBinary = placeholder;
          return withCompiled(module, placeholder, () =>
            createOrtSession(ort, weights, { executionProviders: [device] }),
          );
        }),
    }),
  };
}
