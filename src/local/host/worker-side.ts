import { UnlabelError } from '../../contract/errors.ts';
import type { Handed, Host, Load } from './host.ts';
import type { Ask, Hello, Reply } from './protocol.ts';

/** The part of a Worker's global scope that is used here. */
interface Scope {
  name: string;
  onmessage: ((event: MessageEvent<Ask>) => void) | null;
  postMessage(message: Hello | Reply, transfer?: Transferable[]): void;
}

/** Lets the page use a host from within a Worker. */
export function serve(host: Host): void {
  const scope = globalThis as unknown as Scope;
  // The runtime starts its threads with the script that it was bundled into: this one.
  if (scope.name.startsWith('em-pthread')) return;
  scope.onmessage = async ({ data: { call, argument } }) => {
    try {
      if (call === 'run') {
        const output = await host.run(argument as Handed[]);
        scope.postMessage({ value: output }, [output.probabilities.buffer, output.embedding.buffer]);
      } else {
        scope.postMessage({ value: await (call === 'load' ? host.load(argument as Load) : host.time()) });
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
