import { z } from 'zod';
import type { Prediction } from '../engine.ts';
import { type ErrorCode, errorStatuses, type Problem } from '../errors.ts';
import { defaultTopK, limits } from '../limits.ts';
import type { ModelRef } from '../model.ts';
import { labelsRange, minScoreRange } from '../rules/known.ts';
import { regionRule } from '../rules/region.ts';
import type { Batch, ClassifyItem, EmbeddingItem, Single } from '../wire.ts';
import type { Same } from './same.ts';

/** The wire format as schemas: they validate requests and become the OpenAPI document. */

const modelText = z.string().max(limits.modelNameLength);
export const modelRef = z
  .object({ name: modelText.meta({ example: 'cifar10' }), version: modelText.meta({ example: '1.0.0' }) })
  .meta({
    id: 'ModelRef',
    description: 'The model that gave the answer. Embeddings of two versions do not compare.',
  });

export const answer = {
  model: modelRef,
  source: z.enum(['hosted', 'local']),
  device: z.enum(['wasm', 'webgpu']),
};

const prediction = z
  .object({
    label: z.string().meta({ description: 'Class name', example: 'ship' }),
    index: z
      .int()
      .min(-1)
      .meta({ description: 'Index of the class; -1 for a label that is no class of the model' }),
    score: z.number().min(0).max(1).meta({ description: 'Probability of the class' }),
  })
  .meta({ id: 'Prediction' });

const predictions = z.array(prediction).meta({ description: 'Best first; equal scores by index' });
export const embeddingItem = {
  embedding: z.union([z.array(z.number()), z.string()]).meta({
    description: 'A unit vector: numbers, or base64 of little-endian float32 where `encoding=base64`',
  }),
  dimensions: z.int().min(1).meta({ example: 128 }),
};

const failedItem = z
  .object({
    error: z.object({
      code: z.enum(Object.keys(errorStatuses) as [ErrorCode, ...ErrorCode[]]),
      detail: z.string(),
      field: z.string().optional(),
    }),
  })
  .meta({
    id: 'FailedItem',
    description: 'In the place of an image that cannot be read, where `settled=true`',
  });
/** The results of a batch. */
export const resultsOf = <Item extends z.ZodRawShape>(item: Item) =>
  z.array(z.union([z.object(item), failedItem]));
/** Whether a batch answers for each image by itself; in a query. */
export const settled = z.enum(['true', 'false'], 'settled must be true or false').default('false').meta({
  description:
    'For a batch: an image that cannot be read has an `error` among the results, instead of failing all',
});

const classifyItem = {
  predictions,
  unknown: z
    .boolean()
    .optional()
    .meta({ description: 'Whether the image shows none of the classes; absent where there is no threshold' }),
  similarity: z.number().min(-1).max(1).optional().meta({
    description: 'Of a lookup: cosine to the nearest labeled vector, or to the nearest class of a set',
  }),
};
export const classification = z.object({ ...answer, ...classifyItem }).meta({ id: 'Classification' });
export const classificationBatch = z
  .object({ ...answer, results: resultsOf(classifyItem) })
  .meta({ id: 'ClassificationBatch', description: 'One result an image, in order' });

export const embedding = z.object({ ...answer, ...embeddingItem }).meta({ id: 'Embedding' });
export const embeddingBatch = z
  .object({ ...answer, results: resultsOf(embeddingItem) })
  .meta({ id: 'EmbeddingBatch', description: 'One result an image, in order' });

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(errorStatuses) as [ErrorCode, ...ErrorCode[]]),
    field: z.string().optional(),
    requestId: z.string(),
    error: z
      .object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() })
      .optional()
      .meta({ description: "For OpenAI's clients, from `POST /v1/embeddings` only" }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });

export const model = modelText
  .optional()
  .meta({ description: 'Name of the model; the default one where absent', example: 'cifar10' });

/** Base64 with padding. `z.base64` takes 22 MB to test a string of 8. */
export function base64Text(length: number) {
  return z
    .string()
    .min(1)
    .max(length)
    .refine((text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text), 'Expected base64')
    .meta({ format: 'base64', contentEncoding: 'base64' });
}

/** A whole number, also as the text of a query. */
export function wholeNumber(member: string, from: number, to: number) {
  const range = `${member} must be a whole number from ${from} to ${to}`;
  return z.coerce.number(range).int(range).min(from, range).max(to, range);
}

export const minScore = z.number(minScoreRange).min(-1, minScoreRange).max(1, minScoreRange);
/** A number as the text of a query. */
export const numberText = (number: z.ZodType<number, number>, rule: string) =>
  z
    .string()
    .max(32, rule)
    .regex(/^-?\d*\.?\d+(e-?\d+)?$/i, rule)
    .transform(Number)
    .pipe(number);
/** {@link minScore} as the text of a query. */
export const minScoreText = numberText(minScore, minScoreRange);

const labelText = z.string().min(1, labelsRange).max(limits.modelNameLength, labelsRange);
const labels = z.union([
  labelText.transform((label) => [label]),
  z.array(labelText).max(limits.labels, labelsRange),
]);

const side = (least: number) => z.int(regionRule).min(least, regionRule).max(limits.imageSide, regionRule);
export const region = z
  .strictObject({ x: side(0), y: side(0), width: side(1), height: side(1) }, regionRule)
  .meta({
    id: 'Region',
    description:
      'The part of each image that counts, in pixels of the upright image: it is cut out before all else',
  });
/** A region as the text of a query or a form: `x,y,width,height`. */
export const regionText = z
  .string()
  .max(32, regionRule)
  .regex(/^\d+,\d+,\d+,\d+$/, regionRule)
  .transform((text) => {
    const [x, y, width, height] = text.split(',').map(Number);
    return { x, y, width, height };
  })
  .pipe(region)
  .meta({ description: 'The part of each image that counts: x,y,width,height', example: '10,20,300,200' });

export const classifyQuery = z.object({
  model,
  settled,
  region: regionText.optional(),
  topK: wholeNumber('topK', 1, limits.topK)
    .default(defaultTopK)
    .meta({ description: 'Number of predictions; more than there are classes gives all' }),
  minScore: minScoreText.optional().meta({
    description:
      'Least value of a known image: of the best score, or of `similarity` in a lookup. Default: that of the model ' +
      'or of the set',
  }),
  labels: labels
    .optional()
    .meta({ description: 'Answers with these classes only; repeat it for more than one' }),
});

export const embeddingsQuery = z.object({
  model,
  settled,
  region: regionText.optional(),
  encoding: z
    .enum(['float', 'base64'], 'encoding must be float or base64')
    .default('float')
    .meta({ description: 'Form of `embedding`' }),
});

/** Checked where it is decoded. */
export const base64Image = z.string().min(1).max(limits.bodyBytes).meta({
  format: 'base64',
  contentEncoding: 'base64',
  description: 'JPEG, PNG or WebP file; may have line breaks, and `data:image/png;base64,` before it',
});

export const openAiEmbeddings = z
  .object({
    object: z.literal('list'),
    model: z.string(),
    data: z.array(
      z.object({
        object: z.literal('embedding'),
        index: z.int(),
        embedding: embeddingItem.embedding,
      }),
    ),
    usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
  })
  .meta({ id: 'OpenAiEmbeddings', description: 'The answer to a body in the form of OpenAI' });
/** JSON body: one image, or a batch. */
export const imageBody = z.union([
  z.strictObject({ image: base64Image, model, region: region.optional() }),
  z.strictObject({
    images: z.array(base64Image).min(1).max(limits.imagesPerRequest),
    model,
    region: region.optional(),
  }),
]);

export type SchemasMatch = [
  Same<z.infer<typeof modelRef>, ModelRef>,
  Same<z.infer<typeof prediction>, Prediction>,
  Same<z.infer<typeof classification>, Single<ClassifyItem>>,
  Same<z.infer<typeof classificationBatch>, Batch<ClassifyItem>>,
  Same<z.infer<typeof embedding>, Single<EmbeddingItem>>,
  Same<z.infer<typeof embeddingBatch>, Batch<EmbeddingItem>>,
  z.infer<typeof problem> extends Omit<Problem, 'field' | 'error'> ? true : never,
];
const matches: SchemasMatch = [true, true, true, true, true, true, true];
void matches;
