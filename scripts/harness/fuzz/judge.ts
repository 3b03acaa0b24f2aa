import { must, type Target } from './target.ts';

/** Checks the rules for every input: only documented errors, in time, the same answer again, and no side effects. */
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
   * @param isTwice - also reads the input a second time, and compares.
   * @returns what is wrong, and the place on a second line; undefined when nothing is.
   */
  async wrongWith(input: Uint8Array, isTwice = true): Promise<string | undefined> {
    const copy = oddCopy(input);
    try {
      let [answer, ms] = await this.#time(copy);
      // A slow input is read again: the machine may have been busy.
      for (let tries = 0; ms > this.#maxMs ? tries < 2 : isTwice && tries < 1; tries++) {
        const [again, msAgain] = await this.#time(input);
        must(again === answer, `the second answer differs: ${again} instead of ${answer}`);
        [answer, ms] = [again, Math.min(ms, msAgain)];
      }
      must(ms <= this.#maxMs, `it takes ${Math.round(ms)} ms`);
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

  async #time(input: Uint8Array): Promise<[answer: string, ms: number]> {
    this.executions++;
    const began = performance.now();
    const answer = await this.#target.run(input);
    return [answer, performance.now() - began];
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
