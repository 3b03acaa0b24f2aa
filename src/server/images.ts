import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import { imageBody } from '../contract/schemas.ts';
import { tensorMediaType } from '../contract/wire.ts';
import type { Codecs } from '../image/codecs.ts';
import { prepareImage } from '../image/prepare.ts';
import type { Model } from '../inference/model.ts';
import type { RequestContext } from './environment.ts';

/** The images of a request, which has been read to its end. */
export interface RequestImages {
  /** Name of the model that the body asks for. */
  model?: string | undefined;
  /** Whether the request has the form of a batch; its answer then has `results`, even for one image. */
  isBatch: boolean;
  /**
   * Makes them what a model takes: RGB bytes of its size, one array an image.
   * @throws UnlabelError that names the field.
   */
  fit(model: Model): Promise<Uint8Array[]>;
}

/** Files of a request, each with the name of its field in error answers. */
export type Files = { field: string; bytes: Uint8Array }[];

/** What the body of a request has. */
interface Body {
  files: Files;
  isBatch: boolean;
  model?: string | undefined;
}

/**
 * Reads the images of a request in any of its forms: one file, multipart, JSON with base64, or ready-made input.
 * @param json - the body, where it is JSON and has been read.
 * @throws UnlabelError that names the field, and the limit where there is one.
 */
export async function readImages(c: RequestContext, codecs: Codecs, json?: unknown): Promise<RequestImages> {
  const mediaType = mediaTypeOf(c);
  if (mediaType === tensorMediaType) return readTensors(c, c.req.header('content-type') ?? '');

  const { files, ...rest } =
    mediaType === 'multipart/form-data'
      ? await readMultipart(c)
      : mediaType === 'application/json'
        ? imagesOf(json ?? (await readJson(c)))
        : { files: [{ field: 'image', bytes: new Uint8Array(await c.req.arrayBuffer()) }], isBatch: false };
  return { ...rest, fit: (model) => prepareImages(files, model, codecs) };
}

/**
 * Makes files into what the network takes, one after the other, so that only one at a time is held as full-size pixels.
 * @throws UnlabelError that names the field.
 */
export async function prepareImages(files: Files, model: Model, codecs: Codecs): Promise<Uint8Array[]> {
  const images: Uint8Array[] = [];
  for (const { field, bytes } of files) {
    try {
      images.push(await prepareImage(bytes, model.manifest.input, codecs));
    } catch (error) {
      throw error instanceof UnlabelError
        ? new UnlabelError(error.code, error.message, { field, cause: error.cause })
        : error;
    }
  }
  return images;
}

/** The media type of a body, without parameters. */
export function mediaTypeOf(c: RequestContext): string | undefined {
  return c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
}

async function readTensors(c: RequestContext, contentType: string): Promise<RequestImages> {
  const batch = /;\s*batch="?([^";\s]*)"?/i.exec(contentType)?.[1];
  const count = batch === undefined ? 1 : Number(batch);
  if (!Number.isInteger(count) || count < 1 || count > limits.imagesPerRequest)
    throw new UnlabelError(
      'invalid_parameter',
      `batch must be a whole number from 1 to ${limits.imagesPerRequest}`,
      {
        field: 'batch',
      },
    );
  const body = new Uint8Array(await c.req.arrayBuffer());
  return {
    isBatch: batch !== undefined,
    async fit({ inputBytes }) {
      if (body.length !== count * inputBytes)
        throw new UnlabelError(
          'invalid_image',
          `The body must have ${count} x ${inputBytes} bytes of RGB for this model, not ${body.length}`,
          { field: 'image' },
        );
      return Array.from({ length: count }, (_, i) => body.subarray(i * inputBytes, (i + 1) * inputBytes));
    },
  };
}

async function readMultipart(c: RequestContext): Promise<Body> {
  const form = await c.req.formData().catch((cause: unknown) => {
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
export function readJson(c: RequestContext): Promise<unknown> {
  return c.req.json().catch((cause: unknown) => {
    throw new UnlabelError('invalid_request', 'The body is not valid JSON', { cause });
  });
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
