import { UnlabelError } from '../../../src/contract/errors.ts';

/** Something that reads a stranger's bytes. */
export interface Target {
  /** Good inputs of many kinds to begin with. */
  readonly seeds: readonly Uint8Array[];
  /** Pieces that mean something to it, for putting into inputs. */
  readonly tokens: readonly string[];
  /** Changes an input with knowledge of its form. */
  readonly shape?: (input: Uint8Array, random: () => number) => Uint8Array;
  /** Mends in a changed input what chance alone would not, such as checksums. */
  readonly mend?: (input: Uint8Array) => Uint8Array;
  /**
   * Reads an input.
   * @returns what came of it, in words: the same for the same input.
   * @throws where it is not as it must be.
   */
  run(input: Uint8Array): string | Promise<string>;
}

/** What is said of an error that is the caller's fault; any other is thrown on. */
export function refusal(error: unknown): string {
  if (error instanceof UnlabelError && error.status >= 400 && error.status < 500)
    return `${error.code}: ${error.message}`;
  throw error;
}

/** @throws Error where something is not as it must be. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`not as it must be: ${what}`);
}
