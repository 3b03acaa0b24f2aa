import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';

/** A piece of work that waits or is under way. */
interface Ticket {
  start(): void;
  /** When it began, in milliseconds. */
  since: number;
}

/** Lets one piece of work run at a time, first come first served, while a bounded number of others wait. */
export class Turns {
  readonly #waiting = new Set<Ticket>();
  #current: Ticket | undefined;

  /** @throws UnlabelError `overloaded` where as many wait as may. */
  check(): void {
    if (this.#waiting.size >= limits.waitingRequests)
      throw new UnlabelError('overloaded', `${limits.waitingRequests} requests are waiting already`);
  }

  /**
   * Runs the work when its turn has come.
   * @param signal - aborts the wait, and frees its place.
   * @throws UnlabelError `overloaded` where as many wait as may, or where the wait is too long.
   */
  async run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    this.check();
    const ticket: Ticket = { start: () => {}, since: 0 };
    try {
      await this.#turn(ticket, signal);
      if (signal.aborted) throw gone();
      return await work();
    } finally {
      this.#waiting.delete(ticket);
      if (this.#current === ticket) this.#startNext();
    }
  }

  #turn(ticket: Ticket, signal: AbortSignal): Promise<void> {
    this.#takeFromLost();
    return new Promise((resolve, reject) => {
      const leave = () => reject(gone());
      const timer = setTimeout(() => {
        this.#takeFromLost();
        reject(new UnlabelError('overloaded', `The wait was longer than ${limits.waitMs} ms`));
      }, limits.waitMs);
      ticket.start = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave);
      this.#waiting.add(ticket);
      if (!this.#current) this.#startNext();
    });
  }

  #startNext(): void {
    const [next] = this.#waiting;
    this.#current = next;
    if (!next) return;
    this.#waiting.delete(next);
    next.since = Date.now();
    next.start();
  }

  /** The end of a request that the platform has ended is never told. */
  #takeFromLost(): void {
    if (this.#current && Date.now() - this.#current.since > limits.turnMs) this.#startNext();
  }
}

/** Nobody will read it but the log. */
function gone(): UnlabelError {
  return new UnlabelError('invalid_request', 'The caller has left');
}
