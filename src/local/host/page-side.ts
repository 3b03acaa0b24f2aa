import { UnlabelError } from '../../contract/errors.ts';
import { unreadable } from '../../contract/image-source.ts';
import type { NetworkOutput } from '../../inference/runtime/runtime.ts';
import type { Host } from './host.ts';
import type { Ask, Hello, Reply } from './protocol.ts';
import { isForeign, transferables } from './transfer.ts';

/**
 * Uses the host of a Worker.
 *
 * @throws Error where the Worker cannot start.
 */
export async function connect(worker: Worker): Promise<Host> {
  const { version } = await new Promise<Hello>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Hello>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message ?? 'the Worker cannot start'));
    };
  });

  const ask = <T>(message: Ask, transfer: Transferable[] = []): Promise<T> =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Reply>) => {
        if ('value' in data) resolve(data.value as T);
        else reject(revive(data.failure));
      };
      worker.onerror = (event) => reject(new Error(`The Worker failed: ${event.message}`));
      worker.postMessage(message, transfer);
    });

  return {
    version,
    load: (load) => ask({ call: 'load', argument: load }),
    time: () => ask({ call: 'time', argument: undefined }),
    async run(images) {
      try {
        return await ask<NetworkOutput>({ call: 'run', argument: images }, transferables(images));
      } catch (error) {
        const foreign = isUncloneable(error) && images.find(isForeign);
        throw foreign ? unreadable(error, foreign.field) : error;
      }
    },
    dispose: () => worker.terminate(),
  };
}

function revive({ code, message, field }: Extract<Reply, { failure: unknown }>['failure']): Error {
  return code ? new UnlabelError(code, message, { field }) : new Error(message);
}

function isUncloneable(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'DataCloneError';
}
