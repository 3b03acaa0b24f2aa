import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import { imageBody } from '../contract/schemas.ts';
import { tensorMediaType } from '../contract/wire.ts';
import type { Codecs } from '../image/codecs.ts';
import { prepareImage } from '../image/prepare.ts';
import type { Model } from '../inference/model.ts';
import { readBody } from './body.ts';
import type { RequestContext } from './environment.ts';
import type { Turn } from './turns.ts';

/** A file of a request and the name of its field in error answers; as RGB bytes of the model's size where it is ready. */
export type Files = { field: string; bytes: Uint8Array; isReady?: boolean }[];

/**
 * Runs the network on the images of a request in any of its forms: one file, multipart, JSON with base64, or ready-made
 * input.
 * @param run - what to ask of the network, for RGB bytes of the model's size, one array an image.
 * @param json - the body, where it is JSON and has been read.
 * @returns what `run` gave; `isBatch` where the request has the form of a batch, whose answer has `results`, even for
 * one image.
 * @throws UnlabelError that names the field, and the limit where there is one; `overloaded`.
 */
export async function runOnImages<Result>(
  c: RequestContext,
  model: Model,
  codecs: Codecs,
  run: (images: Uint8Array[]) => Promise<Result>,
  json?: unknown,
): Promise<{ result: Result; isBatch: boolean }> {
  c.var.turns.check();
  const { files, isBatch } = await readFiles(c, model, json);
  return { result: await runOnFiles(c, files, model, codecs, run), isBatch };
}

/** {@link runOnImages} for images that have been read: decodes one a turn, and runs with the last. */
export function runOnFiles<Result>(
  c: RequestContext,
  files: Files,
  model: Model,
  codecs: Codecs,
  run: (images: Uint8Array[]) => Promise<Result>,
): Promise<Result> {
  const work = async (turn: Turn) => {
    const images: Uint8Array[] = [];
    const prepare = async (file: Files[number] | undefined) => {
      if (file) images.push(await prepareFile(file, model, codecs));
    };
    // Ready ones cost next to nothing.
    for (const file of files.slice(0, -1)) await (file.isReady ? prepare(file) : turn(() => prepare(file)));
    return turn(async () => {
      await prepare(files.at(-1));
      return run(images);
    });
  };
  return c.var.turns.run(work, c.req.raw.signal);
}

async function readFiles(
  c: RequestContext,
  model: Model,
  json: unknown,
): Promise<{ files: Files; isBatch: boolean }> {
  const mediaType = mediaTypeOf(c);
  if (mediaType === tensorMediaType) return readTensors(c, model.inputBytes);
  if (mediaType === 'multipart/form-data') return readMultipart(c);
  if (mediaType === 'application/json') return imagesOf(json ?? (await readJson(c)));
  return { files: [{ field: 'image', bytes: await readBody(c) }], isBatch: false };
}

/** @throws UnlabelError that names the field. */
async function prepareFile(
  { field, bytes, isReady }: Files[number],
  model: Model,
  codecs: Codecs,
): Promise<Uint8Array> {
  try {
    return isReady ? bytes : await prepareImage(bytes, model.manifest.input, codecs);
  } catch (error) {
    throw error instanceof UnlabelError
      ? new UnlabelError(error.code, error.message, { field, cause: error.cause })
      : error;
  }
}

/** The media type of a body, without parameters. */
export function mediaTypeOf(c: RequestContext): string | undefined {
  return contentTypeOf(c).split(';', 1)[0]?.trim().toLowerCase();
}

function contentTypeOf(c: RequestContext): string {
  return c.req.header('content-type') ?? '';
}

async function readTensors(
  c: RequestContext,
  inputBytes: number,
): Promise<{ files: Files; isBatch: boolean }> {
  const batch = /;\s*batch="?([^";\s]*)"?/i.exec(contentTypeOf(c))?.[1];
  const count = batch === undefined ? 1 : Number(batch);
  if (!Number.isInteger(count) || count < 1 || count > limits.imagesPerRequest)
    throw new UnlabelError(
      'invalid_parameter',
      `batch must be a whole number from 1 to ${limits.imagesPerRequest}`,
      {
        field: 'batch',
      },
    );
  const body = await readBody(c);
  if (body.length !== count * inputBytes)
    throw new UnlabelError(
      'invalid_image',
      `The body must have ${count} x ${inputBytes} bytes of RGB for this model, not ${body.length}`,
      { field: 'image' },
    );
  const files = Array.from({ length: count }, (_, i) => ({
    field: 'image',
    bytes: body.subarray(i * inputBytes, (i + 1) * inputBytes),
    isReady: true,
  }));
  return { files, isBatch: batch !== undefined };
}

async function readMultipart(c: RequestContext): Promise<{ files: Files; isBatch: boolean }> {
  const body = new Response(await readBody(c), { headers: { 'content-type': contentTypeOf(c) } });
  const form = await body.formData().catch((cause: unknown) => {
    throw new UnlabelError('invalid_request', 'The multipart body cannot be read', { cause });
  });
  const single = form.getAll('file');
  const isBatch = form.has('files');
  if (isBatch === single.length > 0 || single.length > 1)
    throw new UnlabelError('invalid_request', 'Send one image as `file`, or several as `files`', {
      field: 'file',
    });
  const parts = isBatch ? form.getAll('files') : single;
  if (parts.length > limits.imagesPerRequest)
    throw new UnlabelError('invalid_parameter', `files must be at most ${limits.imagesPerRequest}`, {
      field: 'files',
    });
  const files: Files = [];
  for (const [i, part] of parts.entries()) {
    const field = isBatch ? `files[${i}]` : 'file';
    if (typeof part === 'string')
      throw new UnlabelError('invalid_request', 'The field must be a file', { field });
    files.push({ field, bytes: new Uint8Array(await part.arrayBuffer()) });
  }
  return { files, isBatch };
}

/** The body as JSON. */
export async function readJson(c: RequestContext): Promise<unknown> {
  const text = new TextDecoder().decode(await readBody(c));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnlabelError('invalid_request', 'The body is not valid JSON', { cause });
  }
}

function imagesOf(json: unknown): { files: Files; isBatch: boolean } {
  const body = imageBody.safeParse(json);
  if (!body.success) {
    const isImages = typeof json === 'object' && json !== null && 'images' in json;
    throw new UnlabelError(
      'invalid_parameter',
      isImages
        ? `images must be an array of 1 to ${limits.imagesPerRequest} base64 strings, and nothing else`
        : 'The body must be { "image": base64 } or { "images": [base64, ...] }',
      { field: isImages ? 'images' : 'image' },
    );
  }
  return 'image' in body.data
    ? { files: [{ field: 'image', bytes: fromBase64(body.data.image) }], isBatch: false }
    : {
        files: body.data.images.map((image, i) => ({ field: `images[${i}]`, bytes: fromBase64(image) })),
        isBatch: true,
      };
}

/** Bytes of base64 that has been checked. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
