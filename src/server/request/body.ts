import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { BodyLease } from './body-memory.ts';

/**
 * Reads the body of a request. Its bytes count until the request has been answered.
 * @throws UnlabelError `body_too_large`; `request_timeout` where it arrives too slowly; `overloaded`.
 */
export async function readBody(request: Request, lease: BodyLease): Promise<Uint8Array<ArrayBuffer>> {
  // The platform rejects a wrong Content-Length.
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > limits.bodyBytes) throw tooLarge();
  lease.grow(0);
  // Copy chunks: retaining one byte pins the whole buffer of the platform.
  const isSmall = announced > 0 && announced < limits.smallestBody;
  let bytes = new Uint8Array(isSmall ? announced : limits.smallestBody);
  let length = 0;
  const start = Date.now();
  const msLeft = () => start + limits.bodyMs + (1000 * length) / limits.bodyBytesPerSecond - Date.now();
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      if (msLeft() <= 0) throw tooSlow();
      const longer = length + chunk.length;
      if (longer > limits.bodyBytes) throw tooLarge();
      lease.grow(longer);
      if (longer > bytes.length) bytes = extend(bytes, longer);
      bytes.set(chunk, length);
      length = longer;
    },
  });
  try {
    // discardBody reads the rest of a refused body.
    await withMovingTimeout(pipe(request, sink, { preventCancel: true }), msLeft);
  } catch (cause) {
    if (cause instanceof UnlabelError) throw cause;
    throw new UnlabelError('invalid_request', 'The body ended before it was complete', { cause });
  }
  return bytes.subarray(0, length);
}

/**
 * Reads the rest of a refused body, for a moment: closing the connection while the caller still sends would lose the
 * answer.
 */
export async function discardBody(request: Request): Promise<void> {
  if (request.body?.locked) return;
  let length = 0;
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      length += chunk.length;
      if (length > limits.bodyBytes) throw tooLarge();
    },
  });
  // It fails where the caller has disconnected, or does not stop sending.
  await pipe(request, sink, { signal: AbortSignal.timeout(limits.discardMs) }).catch(() => undefined);
}

/** Uses pipeTo: in workerd, a pending read of a reader leaks the request when its caller disconnects. */
async function pipe({ body }: Request, sink: WritableStream<Uint8Array>, options: StreamPipeOptions) {
  await body?.pipeTo(sink, options);
}

/** @param msLeft - milliseconds until the timeout; every chunk may extend them. */
function withMovingTimeout(work: Promise<void>, msLeft: () => number): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = () => {
      const ms = msLeft();
      if (ms <= 0) reject(tooSlow());
      else timer = setTimeout(check, ms);
    };
    let timer = setTimeout(check, msLeft());
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Frees the shorter buffer at once: until garbage is collected, all of them would take as much again as the body. */
function extend({ buffer }: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const extended = Math.min(Math.max(2 * buffer.byteLength, length), limits.bodyBytes);
  return new Uint8Array(buffer.transfer(extended));
}

function tooSlow(): UnlabelError {
  return new UnlabelError(
    'request_timeout',
    `The body must arrive within ${limits.bodyMs} ms, plus a second for every ${limits.bodyBytesPerSecond} bytes`,
  );
}

/** The error for a body beyond `limits.bodyBytes`. */
export function tooLarge(): UnlabelError {
  return new UnlabelError('body_too_large', `The body must be at most ${limits.bodyBytes} bytes`);
}
