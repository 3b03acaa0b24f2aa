/** The part of JSON Schema that this API's document uses. */
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  description?: string;
  format?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
}

/** Media types and what each holds. */
export type Content = Record<string, { schema: Schema }>;

/** One method of one path. */
export interface Operation {
  tags: [string, ...string[]];
  summary: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema: Schema }[];
  requestBody?: { description?: string; content: Content };
  responses: Record<string, { description: string; content?: Content }>;
}

/** An OpenAPI 3.1 document, as far as the reference shows it. */
export interface OpenApi {
  /** Where the API is: `/`, or the path that it is mounted under. */
  servers: [{ url: string }];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}
