import { UnlabelError } from '../../contract/errors.ts';
import type { Host, LoadRequest, StartRequest } from './host.ts';
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
      const { value, transfer } = await answerOf(host, method, argument);
      scope.postMessage({ value }, transfer);
    } catch (error) {
      const { message } = error as Error;
      const failure =
        error instanceof UnlabelError ? { message, code: error.code, field: error.field } : { message };
      scope.postMessage({ failure });
    }
  };
  scope.postMessage({ version: host.version });
}

async function answerOf(
  host: Host,
  method: HostCall['method'],
  argument: unknown,
): Promise<{ value: unknown; transfer?: Transferable[] }> {
  switch (method) {
    case 'start':
      return { value: await host.start(argument as StartRequest) };
    case 'load':
      return { value: await host.load(argument as LoadRequest) };
    case 'time':
      return { value: await host.time() };
    case 'run': {
      const value = await host.run(argument as TakenImage[]);
      return { value, transfer: [value.probabilities.buffer, value.embedding.buffer] };
    }
  }
}
