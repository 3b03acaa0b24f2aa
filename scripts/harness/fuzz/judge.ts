import { must, type Target } from './target.ts';

/** How long an input may keep others waiting. */
export interface TimeBounds {
  /** Milliseconds in all. @default no limit */
  maxMs?: number | undefined;
  /** Milliseconds without a turn of the event loop, for each megabyte; that of a shorter input too. @default no limit */
  maxBlockMs?: number | undefined;
}

/** Checks the rules for every input: only documented errors, in time, the same answer again, and no side effects. */
export class Judge {
  readonly #target: Target;
  readonly #bounds: { maxMs: number; maxBlockMs: number };
  executions = 0;

  constructor(
    target: Target,
    { maxMs = Number.POSITIVE_INFINITY, maxBlockMs = Number.POSITIVE_INFINITY }: TimeBounds = {},
  ) {
    this.#target = target;
    this.#bounds = { maxMs, maxBlockMs };
  }

  /**
   * @param isTwice - also reads the input a second time, and compares.
   * @returns what is wrong, and the place on a second line; undefined when nothing is.
   */
  async wrongWith(input: Uint8Array, isTwice = true): Promise<string | undefined> {
    const copy = oddCopy(input);
    try {
      const { maxMs } = this.#bounds;
      const maxBlockMs = this.#bounds.maxBlockMs * Math.max(1, input.length / 1e6);
      let { answer, ms, blockMs } = await this.#time(copy);
      // A slow input is read again: the machine may have been busy.
      for (let tries = 0; ms > maxMs || blockMs > maxBlockMs ? tries < 2 : isTwice && tries < 1; tries++) {
        const again = await this.#time(input);
        must(again.answer === answer, `the second answer differs: ${again.answer} instead of ${answer}`);
        [ms, blockMs] = [Math.min(ms, again.ms), Math.min(blockMs, again.blockMs)];
      }
      must(ms <= maxMs, `it takes ${Math.round(ms)} ms`);
      must(blockMs <= maxBlockMs, `it blocks for ${Math.round(blockMs)} ms`);
      must(Buffer.compare(copy, input) === 0, 'it changes its input');
      must(Reflect.ownKeys(Object.prototype).length === own.size, 'it pollutes Object.prototype');
    } catch (error) {
      clean();
      const { stack } = error as Error;
      const place =
        stack
          ?.split('\n')
          .find((line) => /\/src\/(?!.*node_modules)/.test(line))
          ?.trim() ?? '';
      return `${error}\n${place}`;
    }
  }

  /** Runs an input, and looks how long the event loop stood still meanwhile. */
  async #time(input: Uint8Array): Promise<{ answer: string; ms: number; blockMs: number }> {
    this.executions++;
    const began = performance.now();
    let [last, blockMs] = [began, 0];
    const look = () => {
      const now = performance.now();
      blockMs = Math.max(blockMs, now - last);
      last = now;
    };
    let isRunning = this.#bounds.maxBlockMs < Number.POSITIVE_INFINITY;
    const tick = () => {
      look();
      if (isRunning) setImmediate(tick);
    };
    if (isRunning) setImmediate(tick);
    try {
      const answer = await this.#target.run(input);
      look();
      return { answer, ms: last - began, blockMs };
    } finally {
      isRunning = false;
    }
  }
}

/** Copies bytes to an odd offset of a larger buffer, as a part of a body has. */
function oddCopy(input: Uint8Array): Uint8Array {
  const copy = new Uint8Array(input.length + 8).subarray(3, 3 + input.length);
  copy.set(input);
  return copy;
}

const own = new Set(Reflect.ownKeys(Object.prototype));

/** Undoes a pollution, which would make every later input a finding. */
function clean(): void {
  for (const key of Reflect.ownKeys(Object.prototype))
    if (!own.has(key)) Reflect.deleteProperty(Object.prototype, key);
}
