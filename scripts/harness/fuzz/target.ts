import { UnlabelError } from '../../../src/contract/errors.ts';

/** A reader of untrusted bytes. */
export interface Target {
  /** Valid inputs of many kinds. */
  readonly seeds: readonly Uint8Array[];
  /** Pieces with a meaning, to insert into inputs. */
  readonly tokens: readonly string[];
  /** Most bytes of an input, up to a megabyte. @default 32 kB */
  readonly maxBytes?: number;
  /** Changes an input with knowledge of its format. */
  readonly shape?: (input: Uint8Array, random: () => number) => Uint8Array;
  /** Repairs what chance alone would not, such as checksums. */
  readonly mend?: (input: Uint8Array) => Uint8Array;
  /**
   * Reads an input.
   *
   * @returns a text of the outcome, the same for the same input.
   * @throws when a rule is broken.
   */
  run(input: Uint8Array): string | Promise<string>;
}

/** The text of an error that is the caller's fault. Throws any other on. */
export function refusal(error: unknown): string {
  if (error instanceof UnlabelError && error.status >= 400 && error.status < 500)
    return `${error.code}: ${error.message}`;
  throw error;
}

/** Asserts a rule. @throws Error with what is wrong. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`broken rule: ${what}`);
}
