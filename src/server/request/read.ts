import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { RequestContext } from '../environment.ts';
import { readBody, tooLarge } from './body.ts';
import { parseImages, type RequestImages } from './images.ts';
import { parseJson } from './json.ts';

interface Content {
  bytes: Uint8Array<ArrayBuffer>;
  /** The header, with its parameters. */
  type: string;
}

/** The `Content-Type` of a request; empty where it has none. */
export function contentTypeOf(c: RequestContext): string {
  return c.req.header('content-type') ?? '';
}

/**
 * Reads the images of a request.
 * @param ofJson - finds them in JSON; in this API's own form by default.
 * @throws UnlabelError as {@link readBody} and {@link parseImages}; `overloaded` where the queue is full.
 */
export async function readImages(
  c: RequestContext,
  ofJson?: (json: unknown) => RequestImages,
): Promise<RequestImages> {
  c.var.queue.check();
  const { bytes, type } = await contentOf(c);
  return parseImages(bytes, type, ofJson);
}

/**
 * Reads the body of a request as JSON, whatever its type says.
 * @throws UnlabelError as {@link readBody} and {@link parseJson}.
 */
export async function readJson(c: RequestContext): Promise<unknown> {
  return parseJson((await contentOf(c)).bytes);
}

async function contentOf(c: RequestContext): Promise<Content> {
  return c.req.raw.bodyUsed
    ? cachedContent(c)
    : { bytes: await readBody(c.req.raw, c.var.lease), type: contentTypeOf(c) };
}

/** What a parent app has read, which Hono caches. A form is written anew, with another boundary. */
async function cachedContent(c: RequestContext): Promise<Content> {
  let copy: Response;
  try {
    copy = new Response((await c.req.bodyCache.formData) ?? (await c.req.arrayBuffer()));
  } catch (cause) {
    throw new UnlabelError(
      'internal_error',
      'A parent app read the body past Hono: read it by c.req.text(), json(), arrayBuffer() or formData()',
      { cause },
    );
  }
  const bytes = new Uint8Array(await copy.arrayBuffer());
  if (bytes.length > limits.bodyBytes) throw tooLarge();
  c.var.lease.grow(bytes.length);
  return { bytes, type: copy.headers.get('content-type') ?? contentTypeOf(c) };
}
