import { brandOf } from '../../contract/image-source.ts';
import { limits } from '../../contract/limits.ts';
import { decodeBase64 } from '../../util/base64.ts';
import { readStream } from '../../util/fetch/read-stream.ts';
import type { RequestOptions } from '../http/service.ts';

/**
 * Where the caller's side finds an image; the service never fetches one. Text and URLs: `https:`, `http:`, `data:` and
 * `blob:`, in a page also relative ones; in Node, Bun and Deno `file:` and paths. A Response, or a stream of a file.
 *
 * Whoever passes on an address of a stranger reads files and networks for them: check it first.
 */
export type ImageAddress = string | URL | Response | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** Milliseconds for reading an image, as for an answer of the service. */
const defaultTimeout = 30_000;
/** Characters of an address in an error. */
const shownCharacters = 200;

/**
 * Reads an image to its last byte, `limits.imageFileBytes` at most.
 *
 * @throws TypeError or RangeError that names the address and what is wrong.
 */
export async function loadImage(image: ImageAddress, options: RequestOptions = {}): Promise<Blob> {
  const { signal, timeout = defaultTimeout } = options;
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  const timer = setTimeout(() => controller.abort(new Error(`it took more than ${timeout} ms`)), timeout);
  try {
    if (typeof image === 'string' || image instanceof URL)
      return await loadAddress(`${image}`, controller.signal);
    return await read(streamOf(image), 'the stream', controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

async function loadAddress(address: string, signal: AbortSignal): Promise<Blob> {
  const url = urlOf(address);
  if (url?.protocol === 'data:') return new Blob([dataOf(address)]);
  const name = address.slice(0, shownCharacters);
  if (!url || url.protocol === 'file:') {
    const { openFile } = await import('./open-file-node.ts');
    return read(streamOf(await openFile(url ?? address)), name, signal);
  }
  if (!/^(https?|blob):$/.test(url.protocol))
    throw new TypeError(`expected an http(s), data, blob or file URL, got ${name}`);
  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new TypeError(`${name} cannot be reached`, { cause });
  });
  if (!response.ok) throw new TypeError(`${name} answered with HTTP ${response.status}`);
  return read(streamOf(response), name, signal);
}

/** Tells what leads to an image from the image itself. */
export function isAddress(image: unknown): image is ImageAddress {
  const { getReader, [Symbol.asyncIterator]: iterate } = Object(image) as Record<PropertyKey, unknown>;
  return !!(/^(String|URL|Response)$/.test(brandOf(image)) || getReader || iterate);
}

/** Undefined for a path of a file. */
function urlOf(text: string): URL | undefined {
  try {
    const url = new URL(text, globalThis.location?.href);
    // A drive of Windows is no protocol.
    return url.protocol.length > 2 ? url : undefined;
  } catch {
    return undefined;
  }
}

function dataOf(url: string): Uint8Array<ArrayBuffer> {
  const comma = url.indexOf(',');
  if (comma < 0) throw new TypeError('expected a comma in the data: URL');
  const content = decodeURIComponent(url.slice(comma + 1));
  return /;\s*base64\s*$/i.test(url.slice(0, comma))
    ? decodeBase64(content.replace(/\s/g, ''))
    : (new TextEncoder().encode(content) as Uint8Array<ArrayBuffer>);
}

function streamOf(source: Exclude<ImageAddress, string | URL>): ReadableStream<Uint8Array> {
  if (brandOf(source) === 'Response') {
    const { ok, status, body } = source as Response;
    if (!ok) throw new TypeError(`the Response has the HTTP status ${status}`);
    if (!body) throw new TypeError('the Response has no body');
    return body;
  }
  if ('getReader' in source) return source;
  const chunks = (source as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return?.();
    },
  });
}

async function read(stream: ReadableStream<Uint8Array>, name: string, signal: AbortSignal): Promise<Blob> {
  const file = await readStream(stream, limits.imageFileBytes, signal);
  if (!file) throw new RangeError(`${name} has more than ${limits.imageFileBytes} bytes`);
  return file;
}
