import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import { imageBody } from '../../contract/schemas.ts';
import { tensorMediaType } from '../../contract/wire.ts';
import type { Codecs } from '../../image/codecs/codecs.ts';
import { prepareImage } from '../../image/prepare.ts';
import type { Model } from '../../inference/model.ts';
import type { RequestContext } from '../environment.ts';
import { timed } from '../middleware/server-timing.ts';
import type { Turn } from '../queue.ts';
import { readBody } from './body.ts';

/** A file of a request and the name of its field in error answers; as RGB bytes of the model's size where it is ready. */
export type Files = { field: string; bytes: Uint8Array; isReady?: boolean }[];

/** The images of a request, which has been read to its end. */
export interface RequestImages {
  /** Name of the model that the body asks for. */
  model?: string | undefined;
  /** Whether the request has the form of a batch; its answer then has `results`, even for one image. */
  isBatch: boolean;
  /**
   * The files for a model.
   * @throws UnlabelError where they are ready-made input for another one.
   */
  filesFor(model: Model): Files;
}

/** What a body of files has. */
interface Body {
  files: Files;
  isBatch: boolean;
  model?: string | undefined;
}

/**
 * Reads the images of a request in any of its forms: one file, multipart, JSON with base64, or ready-made input.
 * @param json - the body, where it is JSON and has been read.
 * @throws UnlabelError that names the field, and the limit where there is one; `overloaded`.
 */
export async function readImages(c: RequestContext, json?: unknown): Promise<RequestImages> {
  c.var.turns.check();
  const mediaType = mediaTypeOf(c);
  if (mediaType === tensorMediaType) return readTensors(c);
  const { files, ...rest } =
    mediaType === 'multipart/form-data'
      ? await readMultipart(c)
      : mediaType === 'application/json'
        ? imagesOf(json ?? (await readJson(c)))
        : { files: [{ field: 'image', bytes: await readBody(c) }], isBatch: false };
  return { ...rest, filesFor: () => files };
}

/**
 * Runs the network on images, in turn with other requests: decodes one a turn, and runs with the last.
 * @param run - what to ask of the network, for RGB bytes of the model's size, one array an image.
 * @throws UnlabelError that names the field; `overloaded`.
 */
export function runOnFiles<Result>(
  c: RequestContext,
  files: Files,
  model: Model,
  codecs: Codecs,
  run: (images: Uint8Array[]) => Promise<Result>,
): Promise<Result> {
  const work = async (turn: Turn) => {
    const images: Uint8Array[] = [];
    const prepare = (file: Files[number]) =>
      timed(c, 'decode', async () => images.push(await prepareFile(file, model, codecs)));
    // Ready ones cost next to nothing.
    for (const file of files.slice(0, -1)) await (file.isReady ? prepare(file) : turn(() => prepare(file)));
    return turn(async () => {
      for (const file of files.slice(-1)) await prepare(file);
      return timed(c, 'run', () => run(images));
    });
  };
  return c.var.turns.run(work, c.req.raw.signal);
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

async function readTensors(c: RequestContext): Promise<RequestImages> {
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
  return {
    isBatch: batch !== undefined,
    filesFor({ inputBytes }) {
      if (body.length !== count * inputBytes)
        throw new UnlabelError(
          'invalid_image',
          `The body must have ${count} x ${inputBytes} bytes of RGB for this model, not ${body.length}`,
          { field: 'image' },
        );
      return Array.from({ length: count }, (_, i) => ({
        field: 'image',
        bytes: body.subarray(i * inputBytes, (i + 1) * inputBytes),
        isReady: true,
      }));
    },
  };
}

async function readMultipart(c: RequestContext): Promise<Body> {
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
  const model = modelName(form.get('model') ?? undefined);
  const files: Files = [];
  for (const [i, part] of parts.entries()) {
    const field = isBatch ? `files[${i}]` : 'file';
    if (typeof part === 'string')
      throw new UnlabelError('invalid_request', 'The field must be a file', { field });
    files.push({ field, bytes: new Uint8Array(await part.arrayBuffer()) });
  }
  return { files, isBatch, model };
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

function imagesOf(json: unknown): Body {
  const model = modelName((json as { model?: unknown } | null)?.model);
  const body = imageBody.safeParse(json);
  if (!body.success) {
    const isImages = typeof json === 'object' && json !== null && 'images' in json;
    throw new UnlabelError(
      'invalid_parameter',
      isImages
        ? `images must be an array of 1 to ${limits.imagesPerRequest} base64 strings, and nothing else but model`
        : 'The body must be { "image": base64 } or { "images": [base64, ...] }, and may have a model',
      { field: isImages ? 'images' : 'image' },
    );
  }
  return 'image' in body.data
    ? { files: [{ field: 'image', bytes: fromBase64(body.data.image) }], isBatch: false, model }
    : {
        files: body.data.images.map((image, i) => ({ field: `images[${i}]`, bytes: fromBase64(image) })),
        isBatch: true,
        model,
      };
}

function modelName(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new UnlabelError('invalid_parameter', 'model must be the name of a model', { field: 'model' });
}

/** Bytes of base64 that has been checked; with a callback a byte, `Uint8Array.from` would take twenty times as long. */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
