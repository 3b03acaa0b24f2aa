import { UnlabelError } from '../../contract/errors.ts';
import type { Host, LoadRequest } from './host.ts';
import type { HostAnswer, HostCall, Started } from './protocol.ts';
import type { TakenImage } from './take-image.ts';

/** The part of a Worker's global scope that is used here. */
interface Scope {
  name: string;
  onmessage: ((event: MessageEvent<HostCall>) => void) | null;
  postMessage(message: Started | HostAnswer, transfer?: Transferable[]): void;
}

/** Lets the page call a host inside a Worker. */
export function serveHost(host: Host): void {
  const scope = globalThis as unknown as Scope;
  // The runtime starts its threads with the script that it is bundled into: this one.
  if (scope.name.startsWith('em-pthread')) return;
  scope.onmessage = async ({ data: { method, argument } }) => {
    try {
      if (method === 'run') {
        const output = await host.run(argument as TakenImage[]);
        scope.postMessage({ value: output }, [output.probabilities.buffer, output.embedding.buffer]);
      } else {
        const value = await (method === 'load' ? host.load(argument as LoadRequest) : host.time());
        scope.postMessage({ value });
      }
    } catch (error) {
      const { message } = error as Error;
      const failure =
        error instanceof UnlabelError ? { message, code: error.code, field: error.field } : { message };
      scope.postMessage({ failure });
    }
  };
  scope.postMessage({ version: host.version });
}
