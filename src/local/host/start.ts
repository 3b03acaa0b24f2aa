import { UnlabelError } from '../../contract/errors.ts';
import { timeout } from '../../util/timeout.ts';
import { pageLimits } from '../limits.ts';
import type { RuntimeBuild, RuntimeCode } from '../runtimes/build.ts';
import type { Host } from './host.ts';
import { connectWorker } from './worker-host.ts';

/** Which thread runs the network. */
export type Thread = 'worker' | 'page';

/** A host that has started. */
export interface StartedHost {
  host: Host;
  thread: Thread;
  /** Why no Worker could start: a clause. */
  obstacle?: string | undefined;
}

/**
 * Starts a host of its own for a build of the runtime: in a Worker; in the page if it should, or if no Worker can
 * start.
 *
 * @throws UnlabelError `model_unavailable` if the code of the runtime cannot be loaded.
 */
export async function startHost(build: RuntimeBuild, inWorker: boolean): Promise<StartedHost> {
  let obstacle: string | undefined;
  try {
    const code = await build.code();
    if (inWorker) {
      try {
        return { host: await startInWorker(code), thread: 'worker' };
      } catch (error) {
        obstacle = (error as Error).message;
      }
    }
    const { createHost } = await timeout(
      code.importHost(),
      pageLimits.workerStartMs,
      () => new Error('no answer'),
    );
    return { host: boundCalls(createHost()), thread: 'page', obstacle };
  } catch (cause) {
    throw new UnlabelError(
      'model_unavailable',
      `The code of the ${build.name} runtime cannot be loaded (${(cause as Error).message})${peers[build.name]}`,
      { cause },
    );
  }
}

/**
 * Starts a host in a Worker.
 * @throws Error if none can start.
 */
export async function startWorker(build: RuntimeBuild): Promise<Host> {
  return startInWorker(await build.code());
}

/** @throws Error if no Worker can start, saying why. */
async function startInWorker(code: RuntimeCode): Promise<Host> {
  if (typeof Worker !== 'function') throw new Error('this browser has no Worker here');
  let failure: unknown;
  try {
    return await connect(code.startWorker());
  } catch (error) {
    failure = error;
  }
  const script = scriptOf(code);
  const isForeign = script.url.origin !== globalThis.location.origin;
  try {
    // A Worker must have a script of the page's origin; that script may import one of another origin.
    if (isForeign) return await connect(importingWorker(script));
    // In development, Vite before version 8 moves the page's copy of this package, and leaves the Worker where it was.
    const moved = /\/\.vite\/deps\/(?=[^/]+$)/;
    if (moved.test(script.url.pathname)) {
      script.url.pathname = script.url.pathname.replace(moved, '/unlabel/dist/local/runtimes/');
      return await connect(new Worker(script.url, { type: 'module' }));
    }
  } catch (error) {
    failure = error;
  }
  throw new Error(`${script.url} ${(failure as Error).message}`);
}

async function connect(worker: Worker): Promise<Host> {
  try {
    return boundCalls(await connectWorker(worker));
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

/** Ends a host that does not answer: nobody waits for it for ever. */
function boundCalls(host: Host): Host {
  const bound = <T>(call: Promise<T>, ms: number = pageLimits.hostCallMs) =>
    timeout(call, ms, () => {
      host.dispose();
      return new UnlabelError(
        'model_unavailable',
        `The network did not answer within ${ms / 1000} s and was ended; the next call loads it again`,
      );
    });
  return {
    version: host.version,
    start: (request) => bound(host.start(request), pageLimits.hostLoadMs),
    load: (request) => bound(host.load(request), pageLimits.hostLoadMs),
    time: () => bound(host.time()),
    run: (images) => bound(host.run(images)),
    dispose: () => host.dispose(),
  };
}

interface Script {
  url: URL;
  isModule: boolean;
}

/** Where a bundler has put the script of a Worker: what it made of `new Worker(...)` knows. */
function scriptOf(code: RuntimeCode): Script {
  const original = globalThis.Worker;
  let script: Script | undefined;
  globalThis.Worker = class {
    constructor(url: string | URL, options?: WorkerOptions) {
      script = { url: new URL(url, globalThis.location.href), isModule: options?.type === 'module' };
    }
  } as unknown as typeof Worker;
  try {
    code.startWorker();
  } finally {
    globalThis.Worker = original;
  }
  return script as unknown as Script;
}

function importingWorker({ url, isModule }: Script): Worker {
  const address = JSON.stringify(url.href);
  const code = isModule ? `import ${address};` : `importScripts(${address});`;
  const blob = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  try {
    return new Worker(blob, { type: isModule ? 'module' : 'classic' });
  } finally {
    // The Worker has its own copy of the address; browsers differ in when they read it.
    setTimeout(() => URL.revokeObjectURL(blob), pageLimits.workerStartMs);
  }
}

/** What to do if a module is missing. */
const peers = {
  trimmed: '',
  stock: ': is onnxruntime-web installed?',
  webgpu: ': is onnxruntime-web installed?',
};
