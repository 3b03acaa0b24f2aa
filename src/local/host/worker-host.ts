import { UnlabelError } from '../../contract/errors.ts';
import { unreadable } from '../../contract/image-source.ts';
import type { NetworkOutput } from '../../inference/runtime/runtime.ts';
import type { Host } from './host.ts';
import type { HostAnswer, HostCall, Started } from './protocol.ts';
import { isTainted, transferables } from './take-image.ts';

/**
 * Calls the host inside a Worker.
 * @throws Error if the Worker cannot start.
 */
export async function connectWorker(worker: Worker): Promise<Host> {
  const { version } = await new Promise<Started>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Started>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message ?? 'The Worker cannot start'));
    };
  });

  const call = <T>(message: HostCall, transfer: Transferable[] = []): Promise<T> =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<HostAnswer>) => {
        if ('value' in data) resolve(data.value as T);
        else reject(toError(data.failure));
      };
      worker.onerror = (event) => reject(new Error(`The Worker failed: ${event.message}`));
      worker.postMessage(message, transfer);
    });

  return {
    version,
    load: (request) => call({ method: 'load', argument: request }),
    time: () => call({ method: 'time', argument: undefined }),
    async run(images) {
      try {
        return await call<NetworkOutput>({ method: 'run', argument: images }, transferables(images));
      } catch (error) {
        const tainted = isUncloneable(error) && images.find(isTainted);
        throw tainted ? unreadable(error, tainted.field) : error;
      }
    },
    dispose: () => worker.terminate(),
  };
}

function toError({ code, message, field }: Extract<HostAnswer, { failure: unknown }>['failure']): Error {
  return code ? new UnlabelError(code, message, { field }) : new Error(message);
}

function isUncloneable(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'DataCloneError';
}
