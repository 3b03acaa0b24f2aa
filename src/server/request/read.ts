import type { RequestContext } from '../environment.ts';
import { readBody } from './body.ts';
import { parseImages, type RequestImages } from './images.ts';
import { parseJson } from './json.ts';

/** The `Content-Type` of a request; empty where it has none. */
export function contentTypeOf(c: RequestContext): string {
  return c.req.header('content-type') ?? '';
}

/**
 * Reads the images of a request.
 * @throws UnlabelError as {@link readBody} and {@link parseImages}; `overloaded` where the queue is full.
 */
export async function readImages(c: RequestContext): Promise<RequestImages> {
  c.var.queue.check();
  return parseImages(await readBody(c.req.raw, c.var.lease), contentTypeOf(c));
}

/**
 * Reads the body of a request as JSON, whatever its type says.
 * @throws UnlabelError as {@link readBody} and {@link parseJson}.
 */
export async function readJson(c: RequestContext): Promise<unknown> {
  return parseJson(await readBody(c.req.raw, c.var.lease));
}
