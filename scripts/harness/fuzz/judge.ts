import { must, type Target } from './target.ts';

/** Holds every input to what must be true of all: no error but ours, in time, the same again, and nothing left behind. */
export class Judge {
  readonly #target: Target;
  readonly #maxMs: number;
  executions = 0;

  /** @param maxMs - milliseconds that an input may take. */
  constructor(target: Target, maxMs = Number.POSITIVE_INFINITY) {
    this.#target = target;
    this.#maxMs = maxMs;
  }

  /**
   * @param isTwice - whether it must answer the same a second time.
   * @returns what is wrong, and on a second line where; undefined where nothing is.
   */
  async wrongWith(input: Uint8Array, isTwice = true): Promise<string | undefined> {
    const copy = oddCopy(input);
    try {
      let [answer, ms] = await this.#time(copy);
      // What took long is read again, as the machine may have been busy.
      for (let tries = 0; ms > this.#maxMs ? tries < 2 : isTwice && tries < 1; tries++) {
        const [again, msAgain] = await this.#time(input);
        must(again === answer, `it answers otherwise a second time: ${again} and not ${answer}`);
        [answer, ms] = [again, Math.min(ms, msAgain)];
      }
      must(ms <= this.#maxMs, `it takes ${Math.round(ms)} ms`);
      must(Buffer.compare(copy, input) === 0, 'it changes its input');
      must(Reflect.ownKeys(Object.prototype).length === own.size, 'it leaves something in Object.prototype');
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

  async #time(input: Uint8Array): Promise<[answer: string, ms: number]> {
    this.executions++;
    const began = performance.now();
    const answer = await this.#target.run(input);
    return [answer, performance.now() - began];
  }
}

/** The same bytes at an odd place of a larger buffer, as a part of a body has. */
function oddCopy(input: Uint8Array): Uint8Array {
  const copy = new Uint8Array(input.length + 8).subarray(3, 3 + input.length);
  copy.set(input);
  return copy;
}

const own = new Set(Reflect.ownKeys(Object.prototype));

/** Or every input after it would be found too. */
function clean(): void {
  for (const key of Reflect.ownKeys(Object.prototype))
    if (!own.has(key)) Reflect.deleteProperty(Object.prototype, key);
}
