import type { RouteConfig } from '@hono/zod-openapi';
import { z } from 'zod';
import { limits } from '../../../contract/limits.ts';
import { imageBody, regionText } from '../../../contract/schemas/inference.ts';
import { searchBody } from '../../../contract/schemas/vectors.ts';
import { tensorMediaType } from '../../../contract/wire.ts';
import type { App } from '../../environment.ts';

type Body = NonNullable<NonNullable<RouteConfig['request']>['body']>;

const binary = { type: 'string' as const, format: 'binary' };
const file = { schema: binary };
const filterName = 'Filter';

/** OpenAPI description of a JSON body; `parse` reads it. */
export function jsonBody(schema: z.ZodType, description: string): Body {
  // As JSON schema, not as zod: the route validates the body itself, for errors that name the field.
  return { required: true, description, content: { 'application/json': { schema: jsonSchemaOf(schema) } } };
}

/** A JSON schema that is made when the document is written, and not at every start of a Worker. */
function jsonSchemaOf(schema: z.ZodType): typeof binary {
  return { toJSON: () => inlined(schema) } as unknown as typeof binary;
}

/** A JSON schema with its definitions inlined, but for that of filters, which is part of itself. */
function inlined(schema: z.ZodType): unknown {
  const { $schema, $defs = {}, ...json } = z.toJSONSchema(schema, { io: 'input' });
  const refer = (_: string, value: { $ref?: unknown } | undefined) => {
    const name = typeof value?.$ref === 'string' ? value.$ref.slice('#/$defs/'.length) : '';
    if (!$defs[name]) return value;
    if (name === filterName) return { $ref: `#/components/schemas/${name}` };
    const { id, ...definition } = $defs[name];
    return definition;
  };
  return JSON.parse(JSON.stringify(json), refer);
}

/** Describes filters once, in the components of the document, for the bodies that refer to them. */
export function addFilterSchema(app: App): void {
  const toJSON = () => {
    const { $defs = {} } = z.toJSONSchema(searchBody, { io: 'input' });
    const { id, ...definition } = $defs[filterName] as { id?: string };
    return JSON.parse(JSON.stringify(definition).replaceAll('#/$defs/', '#/components/schemas/'));
  };
  app.openAPIRegistry.registerComponent('schemas', filterName, { toJSON } as object);
}

/** OpenAPI description of a body with images; `parseImages` reads it. */
export const imageRequestBody: Body = {
  required: true,
  description:
    'One image as bytes, as base64 or as the multipart field `file`; or a batch as `images` or `files`. ' +
    'The fields `model` and `region` of either are as in the query, which goes before them. ' +
    `At most ${limits.bodyBytes} bytes and ${limits.imagesPerRequest} images, ` +
    `each of at most ${limits.reducedPixels} pixels as a large JPEG or a PNG, and ${limits.imagePixels} as any other.`,
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
          model: { type: 'string' as const, maxLength: limits.modelNameLength },
          region: jsonSchemaOf(regionText),
        },
      },
    },
    'application/json': { schema: jsonSchemaOf(imageBody) },
    [tensorMediaType]: file,
  },
};

/** OpenAPI description of the body of a search: images, a vector or an id. */
export const searchRequestBody: Body = {
  ...imageRequestBody,
  description: `A vector, the id of a stored one, or images. ${imageRequestBody.description}`,
  content: {
    ...imageRequestBody.content,
    'application/json': {
      schema: jsonSchemaOf(searchBody),
    },
  },
};
