import { z } from 'zod';
import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { Region } from '../../contract/model.ts';
import { readRegion } from '../../contract/rules/region.ts';
import { imageBody, regionText } from '../../contract/schemas/inference.ts';
import { tensorMediaType } from '../../contract/wire.ts';
import type { Model } from '../../inference/model.ts';

import { decodeImage } from './base64-image.ts';
import { parse, parseJson } from './json.ts';

/** An image of a request: an encoded file, or RGB bytes of the model's size where it `isTensor`. */
export interface InputImage {
  /** Its name in errors: `files[3]`. */
  field: string;
  bytes: Uint8Array;
  isTensor?: boolean;
  /** The part of it that counts. Default: that of the request. */
  region?: Region | undefined;
}

/** The images of a request. */
export interface RequestImages {
  /** Name of the model that the body asks for. */
  model?: string | undefined;
  /** Whether the request has the form of a batch; its answer then has `results`, even for one image. */
  isBatch: boolean;
  /** The part of each image that counts, where the body names one. */
  region?: Region | undefined;
  /**
   * The images for a model.
   * @throws UnlabelError where they are tensors for another one.
   */
  imagesFor(model: Pick<Model, 'inputBytes'>): InputImage[];
}

/** Images in any form but that of tensors. */
interface ImageFiles {
  images: InputImage[];
  isBatch: boolean;
  model?: string | undefined;
  region?: Region | undefined;
}

/** The media type of a body, without parameters. */
export function mediaTypeOf(contentType: string): string {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/**
 * Finds the images in a body of any form: one file, multipart, JSON with base64, or tensors.
 * @param contentType - the header, with its parameters.
 * @param ofJson - finds them in JSON.
 * @throws UnlabelError that names the field, and the limit where there is one.
 */
export async function parseImages(
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
  ofJson: (json: unknown) => RequestImages = imagesOf,
): Promise<RequestImages> {
  switch (mediaTypeOf(contentType)) {
    case tensorMediaType:
      return parseTensors(body, contentType);
    case 'multipart/form-data':
      return withImages(await parseMultipart(body, contentType));
    case 'application/json':
      return ofJson(parseJson(body));
    default:
      return withImages({ images: [{ field: 'image', bytes: body }], isBatch: false });
  }
}

/**
 * The images of a JSON body.
 * @throws UnlabelError that names the field.
 */
export function imagesOf(json: unknown): RequestImages {
  const { model: name, region: part } = Object(json) as { model?: unknown; region?: unknown };
  const model = modelName(name);
  const region = readRegion(part);
  const body = imageBody.safeParse(json);
  if (!body.success) {
    const isBatch = typeof json === 'object' && json !== null && 'images' in json;
    throw new UnlabelError(
      'invalid_parameter',
      isBatch
        ? `images must be an array of 1 to ${limits.imagesPerRequest} base64 strings, and nothing else but model and region`
        : 'The body must be { "image": base64 } or { "images": [base64, ...] }, and may have a model and a region',
      { field: isBatch ? 'images' : 'image' },
    );
  }
  const { data } = body;
  const isBatch = 'images' in data;
  const images = isBatch
    ? data.images.map((image, i) => ({ field: `images[${i}]`, bytes: decodeImage(image, `images[${i}]`) }))
    : [{ field: 'image', bytes: decodeImage(data.image, 'image') }];
  return withImages({ images, isBatch, model, region });
}

function withImages({ images, ...rest }: ImageFiles): RequestImages {
  return { ...rest, imagesFor: () => images };
}

function parseTensors(body: Uint8Array, contentType: string): RequestImages {
  const batch = /;\s*batch="?([^";\s]*)"?/i.exec(contentType)?.[1];
  const count = batch === undefined ? 1 : Number(batch);
  if (!Number.isInteger(count) || count < 1 || count > limits.imagesPerRequest)
    throw new UnlabelError(
      'invalid_parameter',
      `batch must be a whole number from 1 to ${limits.imagesPerRequest}`,
      { field: 'batch' },
    );
  return {
    isBatch: batch !== undefined,
    imagesFor({ inputBytes }) {
      if (body.length !== count * inputBytes)
        throw new UnlabelError(
          'invalid_image',
          `The body must have ${count} x ${inputBytes} bytes of RGB for this model, not ${body.length}`,
          { field: 'image' },
        );
      return Array.from({ length: count }, (_, i) => ({
        field: 'image',
        bytes: body.subarray(i * inputBytes, (i + 1) * inputBytes),
        isTensor: true,
      }));
    },
  };
}

async function parseMultipart(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<ImageFiles> {
  if (countParts(body, contentType) > limits.formParts)
    throw new UnlabelError('invalid_parameter', `The form must have at most ${limits.formParts} parts`);
  const response = new Response(body, { headers: { 'content-type': contentType } });
  const form = await response.formData().catch((cause: unknown) => {
    throw new UnlabelError('invalid_request', 'The body must be multipart/form-data', { cause });
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
  const images: InputImage[] = [];
  for (const [i, part] of parts.entries()) {
    const field = isBatch ? `files[${i}]` : 'file';
    if (typeof part === 'string')
      throw new UnlabelError('invalid_request', 'The field must be a file', { field });
    images.push({ field, bytes: new Uint8Array(await part.arrayBuffer()) });
  }
  const part = form.get('region');
  const region = part === null ? undefined : parse(z.object({ region: regionText }), { region: part }).region;
  return { images, isBatch, model, region };
}

/** Counts the lines that start with a boundary (RFC 2046, section 5.1.1): every part costs, however small it is. */
function countParts(body: Uint8Array, contentType: string): number {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const line = new TextEncoder().encode(`\r\n--${boundary?.[1] ?? boundary?.[2] ?? ''}`);
  let count = 1;
  // A boundary has no line break, so that no byte is compared twice.
  for (let at = 0; at < body.length && count <= limits.formParts; at++) {
    let same = 0;
    while (same < line.length && body[at + same] === line[same]) same++;
    if (same === line.length) count++;
  }
  return count;
}

function modelName(value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value.length <= limits.modelNameLength))
    return value;
  throw new UnlabelError('invalid_parameter', 'model must be the name of a model', { field: 'model' });
}
