import { unreadable } from '../../contract/drawable.ts';
import { UnlabelError } from '../../contract/errors.ts';
import type { NetworkOutput } from '../../inference/runtime/runtime.ts';
import { timeout } from '../../util/timeout.ts';
import { pageLimits } from '../limits.ts';
import type { Host } from './host.ts';
import type { HostAnswer, HostCall, Started } from './protocol.ts';
import { isTainted, transferables } from './take-image.ts';

/**
 * Calls the host inside a Worker.
 * @throws Error if the Worker does not start, saying why in a clause.
 */
export async function connectWorker(worker: Worker): Promise<Host> {
  const start = new Promise<Started>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Started>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      // A script that cannot be fetched has no message.
      reject(
        new Error(event.message ? `failed: ${event.message}` : 'cannot be fetched, or a policy forbids it'),
      );
    };
  });
  const { version } = await timeout(
    start,
    pageLimits.workerStartMs,
    () => new Error(`did not start within ${pageLimits.workerStartMs / 1000} s`),
  );

  let ended: Error | undefined;
  let rejectPending: (error: Error) => void = () => {};
  worker.onerror = (event) => rejectPending(new Error(`The Worker failed: ${event.message}`));
  worker.onmessageerror = () => rejectPending(new Error('The answer of the Worker cannot be read'));

  const call = <T>(message: HostCall, transfer: Transferable[] = []): Promise<T> =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      rejectPending = reject;
      worker.onmessage = ({ data }: MessageEvent<HostAnswer>) => {
        if ('value' in data) resolve(data.value as T);
        else reject(toError(data.failure));
      };
      worker.postMessage(message, transfer);
    });

  return {
    version,
    start: (request) => call({ method: 'start', argument: request }),
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
    dispose() {
      worker.terminate();
      ended = new Error('The Worker has been ended');
      rejectPending(ended);
    },
  };
}

function toError({ code, message, field }: Extract<HostAnswer, { failure: unknown }>['failure']): Error {
  return code ? new UnlabelError(code, message, { field }) : new Error(message);
}

function isUncloneable(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'DataCloneError';
}
