import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import type { RequestContext } from './environment.ts';
import { within } from './within.ts';

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
  if (Number(c.req.header('content-length') ?? 0) > limits.bodyBytes) throw tooLarge();
  const { lease } = c.var;
  lease.grow(0);
  const reader = c.req.raw.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const began = Date.now();
  while (reader) {
    const allowed = limits.bodyMs + (1000 * length) / limits.bodyBytesPerSecond;
    try {
      const { done, value } = await readInTime(reader, began + allowed - Date.now());
      if (done) break;
      length += value.length;
      if (length > limits.bodyBytes) throw tooLarge();
      lease.grow(length);
      chunks.push(value);
    } catch (error) {
      // A read hangs if the body is late; else discardBody is to have the rest.
      if (error instanceof UnlabelError && error.code === 'request_timeout')
        reader.cancel(error).catch(() => undefined);
      else reader.releaseLock();
      throw error;
    }
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
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

async function readInTime(reader: Reader, ms: number): ReturnType<Reader['read']> {
  const late = () =>
    new UnlabelError(
      'request_timeout',
      `The body must arrive within ${limits.bodyMs} ms, and ${limits.bodyBytesPerSecond} bytes a second`,
    );
  try {
    return await within(ms, reader.read(), late);
  } catch (cause) {
    if (cause instanceof UnlabelError) throw cause;
    throw new UnlabelError('invalid_request', 'The body was cut off', { cause });
  }
}

function tooLarge(): UnlabelError {
  return new UnlabelError('body_too_large', `The body must be at most ${limits.bodyBytes} bytes`);
}
