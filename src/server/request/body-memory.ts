import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';

/** Counts the bytes of all bodies in memory. */
export class BodyMemory {
  #held = 0;

  /** Memory of one request. */
  lease(): BodyLease {
    let mine = 0;
    const take = (bytes: number) => {
      this.#held += bytes - mine;
      mine = bytes;
    };
    return {
      grow: (bytes) => {
        take(Math.max(bytes, limits.smallestBody));
        if (this.#held > limits.bodyBytesInFlight)
          throw new UnlabelError(
            'overloaded',
            'There is no memory for one more body at the moment: try again',
          );
      },
      free: () => take(0),
    };
  }
}

/** What one request holds of a {@link BodyMemory}. */
export interface BodyLease {
  /**
   * @param bytes - of the body so far.
   * @throws UnlabelError `overloaded` where other bodies leave no room for them.
   */
  grow(bytes: number): void;
  free(): void;
}
