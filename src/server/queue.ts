import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import { delay } from '../util/delay.ts';

/** Runs a piece of work when its turn has come; a long one says now and then that it is `alive`. */
export type Turn = <Result>(piece: (alive: () => void) => Promise<Result>) => Promise<Result>;

/** A piece of work that waits or runs. */
interface Ticket {
  start(): void;
  /** When it started, or last said that it is alive, in milliseconds. */
  since: number;
}

/**
 * Runs one piece of work at a time, first come first served, for a bounded number of requests. A request of many
 * pieces queues again for each, so that a request of one piece never waits for all of them. Between two pieces the event
 * loop runs: pieces block the isolate, and promises alone would let no other request in.
 */
export class Queue {
  readonly #requests = new Set<{ since: number }>();
  readonly #waiting = new Set<Ticket>();
  #current: Ticket | undefined;

  /** @throws UnlabelError `overloaded` where the queue is full: one request runs, the others wait. */
  check(): void {
    this.#forgetLost();
    if (this.#requests.size > limits.waitingRequests)
      throw new UnlabelError(
        'overloaded',
        `${limits.waitingRequests} requests are waiting already: try again`,
      );
  }

  /**
   * Does the work of a request, in any number of turns.
   * @param signal - aborts the wait, and frees its place.
   * @throws UnlabelError `overloaded` as {@link check}, or where the wait for a turn is too long.
   */
  async run<Result>(work: (turn: Turn) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    this.check();
    const request = { since: Date.now() };
    this.#requests.add(request);
    let isFirst = true;
    try {
      return await work((piece) => {
        // The request itself has just come through the event loop.
        const isRested = isFirst && !this.#current;
        isFirst = false;
        request.since = Date.now();
        return this.#take(piece, request, signal, isRested);
      });
    } finally {
      this.#requests.delete(request);
    }
  }

  async #take<Result>(
    piece: (alive: () => void) => Promise<Result>,
    request: { since: number },
    signal: AbortSignal,
    isRested: boolean,
  ): Promise<Result> {
    const ticket: Ticket = { start: () => {}, since: 0 };
    try {
      await this.#turnOf(ticket, signal);
      if (!isRested) await delay(limits.restMs);
      if (signal.aborted) throw disconnected();
      return await piece(() => {
        ticket.since = request.since = Date.now();
      });
    } finally {
      this.#waiting.delete(ticket);
      if (this.#current === ticket) this.#startNext();
    }
  }

  #turnOf(ticket: Ticket, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(disconnected());
      const end = (settle: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        settle();
      };
      const leave = () => end(() => reject(disconnected()));
      const timer = setTimeout(() => {
        this.#forgetLost();
        const message = `The wait was longer than ${limits.waitMs} ms: try again`;
        end(() => reject(new UnlabelError('overloaded', message)));
      }, limits.waitMs);
      ticket.start = () => end(resolve);
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

  /** The platform never reports the requests that it ends. */
  #forgetLost(): void {
    const isLost = ({ since }: { since: number }) => Date.now() - since > limits.lostMs;
    for (const request of this.#requests) if (isLost(request)) this.#requests.delete(request);
    if (this.#current && isLost(this.#current)) this.#startNext();
  }
}

/** Only the log reads it. */
function disconnected(): UnlabelError {
  return new UnlabelError('invalid_request', 'The caller has disconnected');
}
