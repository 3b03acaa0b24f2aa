import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import type { RequestContext } from './environment.ts';

/** Counts the bytes of all bodies that are held at a time. */
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
          throw new UnlabelError('overloaded', 'There is no memory for one more body at the moment');
      },
      free: () => take(0),
    };
  }
}

/** What one request holds of a {@link BodyMemory}. */
export interface BodyLease {
  /**
   * @param bytes - of the body so far.
   * @throws UnlabelError `overloaded` where others leave no room for them.
   */
  grow(bytes: number): void;
  free(): void;
}

/**
 * Reads the body of a request. Its bytes count until the request has been answered.
 * @throws UnlabelError `body_too_large`; `request_timeout` where it comes too slowly; `overloaded`.
 */
export async function readBody(c: RequestContext): Promise<Uint8Array<ArrayBuffer>> {
  // A length that lies is the platform's to find: it ends the connection.
  const announced = Number(c.req.header('content-length') ?? 0);
  if (announced > limits.bodyBytes) throw tooLarge();
  const { lease } = c.var;
  lease.grow(0);
  const reader = c.req.raw.body?.getReader();
  if (!reader) return new Uint8Array(0);
  // Pieces are copied: kept, one of a single byte would hold the platform's whole buffer.
  let body = new Uint8Array(Math.min(announced > 0 ? announced : limits.smallestBody, limits.smallestBody));
  let length = 0;
  const clock = watch(reader, () => length);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (length + value.length > limits.bodyBytes) throw tooLarge();
      lease.grow(length + value.length);
      if (length + value.length > body.length) body = extend(body, length + value.length);
      body.set(value, length);
      length += value.length;
    }
  } catch (cause) {
    if (!clock.isLate()) throw cause instanceof UnlabelError ? cause : cutOff(cause);
  } finally {
    clock.stop();
    // What is left of it is for discardBody.
    if (!clock.isLate()) reader.releaseLock();
  }
  if (clock.isLate()) throw late();
  return body.subarray(0, length);
}

/** Cancels a body when it comes too slowly. */
function watch(reader: Reader, length: () => number): { isLate(): boolean; stop(): void } {
  const began = Date.now();
  let isLate = false;
  const check = () => {
    const allowed = limits.bodyMs + (1000 * length()) / limits.bodyBytesPerSecond;
    const left = began + allowed - Date.now();
    isLate = left <= 0;
    if (isLate) reader.cancel().catch(() => undefined);
    else timer = setTimeout(check, left);
  };
  let timer = setTimeout(check, limits.bodyMs);
  return { isLate: () => isLate, stop: () => clearTimeout(timer) };
}

function extend(body: Uint8Array<ArrayBuffer>, atLeast: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(Math.min(Math.max(2 * body.length, atLeast), limits.bodyBytes));
  longer.set(body);
  return longer;
}

/**
 * Reads what is left of a refused body, for a moment: a connection that is closed while it is sent would lose the
 * caller the answer.
 */
export async function discardBody({ body }: Request): Promise<void> {
  if (!body || body.locked) return;
  const reader = body.getReader();
  const timer = setTimeout(() => reader.cancel().catch(() => undefined), limits.discardMs);
  try {
    for (let length = 0; length <= limits.bodyBytes; ) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
    }
  } catch {
    // The caller has left.
  } finally {
    clearTimeout(timer);
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

function late(): UnlabelError {
  return new UnlabelError(
    'request_timeout',
    `The body must arrive within ${limits.bodyMs} ms, and ${limits.bodyBytesPerSecond} bytes a second`,
  );
}

function cutOff(cause: unknown): UnlabelError {
  return new UnlabelError('invalid_request', 'The body was cut off', { cause });
}

function tooLarge(): UnlabelError {
  return new UnlabelError('body_too_large', `The body must be at most ${limits.bodyBytes} bytes`);
}
