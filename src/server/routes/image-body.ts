import type { RouteConfig } from '@hono/zod-openapi';
import { z } from 'zod';
import { limits } from '../../contract/limits.ts';
import { imageBody } from '../../contract/schemas.ts';
import { tensorMediaType } from '../../contract/wire.ts';

type Body = NonNullable<NonNullable<RouteConfig['request']>['body']>;

const binary = { type: 'string' as const, format: 'binary' };
const file = { schema: binary };

function jsonSchemaOf(schema: z.ZodType): typeof binary {
  const { $schema, ...json } = z.toJSONSchema(schema, { io: 'input' });
  return json as typeof binary;
}

/** OpenAPI description of a body with images; `readImages` reads it. */
export const imageRequestBody: Body = {
  required: true,
  description:
    'One image as bytes, as base64 or as the multipart field `file`; or a batch as `images` or `files`. ' +
    'A field `model` of either names the model; the query goes before it. ' +
    `At most ${limits.bodyBytes} bytes, ${limits.imagePixels} pixels an image, ${limits.imagesPerRequest} images.`,
  content: {
    'image/jpeg': file,
    'image/png': file,
    'image/webp': file,
    'multipart/form-data': {
      schema: {
        type: 'object' as const,
        properties: {
          file: binary,
          files: { type: 'array' as const, items: binary, maxItems: limits.imagesPerRequest },
          model: { type: 'string' as const },
        },
      },
    },
    // As JSON schema, not as zod: the route reads the body itself, whatever its form.
    'application/json': { schema: jsonSchemaOf(imageBody) },
    [tensorMediaType]: file,
  },
};
