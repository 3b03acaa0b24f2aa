import { z } from 'zod';
import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import { decodeImage } from './base64-image.ts';
import type { InputImage, RequestImages } from './images.ts';
import { parse } from './json.ts';

/** Images in the form of OpenAI's clients. */
export interface OpenAiImages extends RequestImages {
  /** Form of the embeddings in the answer. */
  encoding: 'float' | 'base64';
  /** The length that the embeddings must have, where it is given. */
  dimensions?: number | undefined;
}

const expected = 'must be data:image/...;base64,... : the server fetches no addresses';
const image = z.string(expected).regex(/^data:/i, expected);
const count = `input must be one image or 1 to ${limits.imagesPerRequest} of them`;

/** `input` as OpenAI's embeddings have it, or the `messages` with which vLLM takes images. */
const schema = z.strictObject({
  model: z.string().max(limits.modelNameLength).optional(),
  input: z
    .preprocess(
      (input) => (Array.isArray(input) || input === undefined ? input : [input]),
      z.array(image).min(1, count).max(limits.imagesPerRequest, count).optional(),
    )
    .optional(),
  messages: z
    .array(
      z.object({
        role: z.string(),
        content: z.array(
          z.strictObject({ type: z.literal('image_url'), image_url: z.object({ url: image }) }),
        ),
      }),
    )
    .min(1)
    .max(1, 'messages must have one message')
    .optional(),
  encoding_format: z.enum(['float', 'base64']).default('float'),
  dimensions: z.int().optional(),
  /** Of the caller's own records; the service has no use for it. */
  user: z.string().optional(),
});

/** Whether a JSON body has the form that OpenAI's or vLLM's clients send to `POST /v1/embeddings`. */
export function isOpenAi(json: unknown): boolean {
  return typeof json === 'object' && json !== null && ('input' in json || 'messages' in json);
}

/**
 * The images of such a body.
 * @throws UnlabelError `invalid_parameter` that names the field.
 */
export function openAiImages(json: unknown): OpenAiImages {
  const { model, input, messages, encoding_format: encoding, dimensions } = parse(schema, json);
  if ((input === undefined) === (messages === undefined))
    throw new UnlabelError('invalid_parameter', 'Send either input or messages', { field: 'input' });
  const parts = messages?.[0]?.content;
  if (parts && parts.length !== 1)
    throw new UnlabelError('invalid_parameter', 'The message must have one image_url and nothing else', {
      field: 'messages[0].content',
    });
  const images = parts
    ? parts.map((part, i) => imageOf(part.image_url.url, `messages[0].content[${i}].image_url.url`))
    : (input ?? []).map((text, i) => imageOf(text, `input[${i}]`));
  return { model, isBatch: true, encoding, dimensions, imagesFor: () => images };
}

function imageOf(text: string, field: string): InputImage {
  return { field, bytes: decodeImage(text, field) };
}
