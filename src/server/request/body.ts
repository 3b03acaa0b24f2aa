import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { RequestContext } from '../environment.ts';

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
  // Pieces are copied: kept, one of a single byte would hold all of the platform's buffer.
  const isSmall = announced > 0 && announced < limits.smallestBody;
  let bytes = new Uint8Array(isSmall ? announced : limits.smallestBody);
  let length = 0;
  const began = Date.now();
  const msLeft = () => began + limits.bodyMs + (1000 * length) / limits.bodyBytesPerSecond - Date.now();
  const sink = new WritableStream<Uint8Array>({
    write(piece) {
      if (msLeft() <= 0) throw late();
      const longer = length + piece.length;
      if (longer > limits.bodyBytes) throw tooLarge();
      lease.grow(longer);
      if (longer > bytes.length) bytes = extend(bytes, longer);
      bytes.set(piece, length);
      length = longer;
    },
  });
  try {
    // What is left of a refused body is for discardBody.
    await inTime(pipe(c.req.raw, sink, { preventCancel: true }), msLeft);
  } catch (cause) {
    if (cause instanceof UnlabelError) throw cause;
    throw new UnlabelError('invalid_request', 'The body was cut off', { cause });
  }
  return bytes.subarray(0, length);
}

/**
 * Reads what is left of a refused body, for a moment: a connection that is closed while it is sent would lose the
 * caller the answer.
 */
export async function discardBody(request: Request): Promise<void> {
  if (request.body?.locked) return;
  let length = 0;
  const sink = new WritableStream<Uint8Array>({
    write(piece) {
      length += piece.length;
      if (length > limits.bodyBytes) throw tooLarge();
    },
  });
  // Else the caller has left, or goes on sending.
  await pipe(request, sink, { signal: AbortSignal.timeout(limits.discardMs) }).catch(() => undefined);
}

/** By a reader, workerd would keep what waits for a read that fails, and so the request of every caller who leaves. */
async function pipe({ body }: Request, sink: WritableStream<Uint8Array>, options: StreamPipeOptions) {
  await body?.pipeTo(sink, options);
}

/** @param msLeft - milliseconds that a piece of work still has; may grow. */
function inTime(work: Promise<void>, msLeft: () => number): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = () => {
      const ms = msLeft();
      if (ms <= 0) reject(late());
      else timer = setTimeout(check, ms);
    };
    let timer = setTimeout(check, msLeft());
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function extend(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const extended = new Uint8Array(Math.min(Math.max(2 * bytes.length, length), limits.bodyBytes));
  extended.set(bytes);
  return extended;
}

function late(): UnlabelError {
  return new UnlabelError(
    'request_timeout',
    `The body must arrive within ${limits.bodyMs} ms, and ${limits.bodyBytesPerSecond} bytes a second`,
  );
}

function tooLarge(): UnlabelError {
  return new UnlabelError('body_too_large', `The body must be at most ${limits.bodyBytes} bytes`);
}
