import { pageLimits } from '../limits.ts';
import type { Host } from './host.ts';

/** The hosts of one network, which share its work. Tasks begin in the order of the calls, one at a time in each host. */
export interface Pool {
  /** Most hosts at a time. */
  readonly room: number;
  /**
   * Runs a task in the next host that is free. Rejects as the task does, or with what keeps the network from loading.
   *
   * @param prepare - what the page does for the task beforehand; called when its turn is near, so that no host waits for it.
   */
  run<Ready, Result>(
    prepare: () => Promise<Ready>,
    task: (host: Host, ready: Ready) => Promise<Result>,
  ): Promise<Result>;
  /**
   * Adds the first host of a network.
   * @param another - starts a further one; undefined where the network can have one only.
   */
  add(host: Host, another: (() => Promise<Host>) | undefined): void;
  /**
   * Ends a host.
   * @returns whether any is left.
   */
  remove(host: Host): boolean;
  /** Ends all hosts. What waits does not begin. */
  dispose(): void;
}

interface Waiting {
  prepare(): void;
  begin(host: Host): void;
  reject(error: unknown): void;
}

type Timer = ReturnType<typeof setTimeout> | undefined;

/**
 * Makes a pool. A further host starts when work has waited for a while, and ends when it has had none for a while.
 *
 * @param workers - most hosts at a time.
 * @param load - loads the network and adds its first host; called when work finds no host.
 */
export function createPool(workers: number, load: () => Promise<unknown>): Pool {
  /** With what ends them if they have no work. */
  const hosts = new Map<Host, Timer>();
  /** The one that worked last works next, so that the others come to rest. */
  const free: Host[] = [];
  const waiting: Waiting[] = [];
  let another: (() => Promise<Host>) | undefined;
  let room = 1;
  let isLoading = false;
  let isGrowing = false;
  let wait: Timer;

  function next(): void {
    while (waiting.length > 0 && free.length > 0) {
      const host = free.pop() as Host;
      clearTimeout(hosts.get(host));
      waiting.shift()?.begin(host);
    }
    // With those that run, one more than there may be hosts.
    const running = hosts.size - free.length;
    for (const { prepare } of waiting.slice(0, room + 1 - running)) prepare();
    if (waiting.length > 0 && hosts.size === 0) {
      if (!isLoading) void begin();
    } else if (waiting.length > 0 && !isGrowing && hosts.size < room) {
      wait ??= setTimeout(grow, pageLimits.spareWaitMs);
    } else if (free.length > 0) {
      clearTimeout(wait);
      wait = undefined;
    }
  }

  async function begin(): Promise<void> {
    isLoading = true;
    await load().catch(rejectWaiting);
    isLoading = false;
    next();
  }

  function rejectWaiting(error: unknown): void {
    for (const { reject } of waiting.splice(0)) reject(error);
  }

  async function grow(): Promise<void> {
    wait = undefined;
    const open = another;
    if (!open || waiting.length === 0) return;
    isGrowing = true;
    try {
      const host = await open();
      // The network may have been loaded anew, in another version.
      if (another === open) enter(host);
      else host.dispose();
    } catch {
      // Where one more cannot start, the others go on.
      if (another === open) room = hosts.size;
    }
    isGrowing = false;
    next();
  }

  function enter(host: Host): void {
    hosts.set(host, undefined);
    rest(host);
  }

  function rest(host: Host): void {
    if (hosts.has(host)) free.push(host);
    next();
    if (hosts.size > 1 && free.includes(host))
      hosts.set(
        host,
        setTimeout(() => hosts.size > 1 && remove(host), pageLimits.spareRestMs),
      );
  }

  function remove(host: Host): boolean {
    clearTimeout(hosts.get(host));
    hosts.delete(host);
    if (free.includes(host)) free.splice(free.indexOf(host), 1);
    if (hosts.size === 0) another = undefined;
    host.dispose();
    return hosts.size > 0;
  }

  return {
    get room() {
      return room;
    },
    run: (prepare, task) =>
      new Promise((resolve, reject) => {
        let preparing: ReturnType<typeof prepare> | undefined;
        const prepareOnce = () => (preparing ??= prepare());
        waiting.push({
          prepare: () => void prepareOnce().catch(() => {}),
          begin: (host) =>
            void prepareOnce()
              .then((ready) => task(host, ready))
              .then(resolve, reject)
              .then(() => rest(host)),
          reject,
        });
        next();
      }),
    add(host, open) {
      another = open;
      room = open ? workers : 1;
      enter(host);
    },
    remove,
    dispose() {
      rejectWaiting(new Error('The engine has been disposed'));
      clearTimeout(wait);
      for (const host of [...hosts.keys()]) remove(host);
    },
  };
}
