import { z } from 'zod';
import { filterProblem, keyPattern } from '../filter.ts';
import { defaultMatches, defaultNamespace, defaultPageSize, galleryNamespace, limits } from '../limits.ts';
import { examplesRule } from '../rules/examples.ts';
import { diversityRange } from '../rules/known.ts';
import { isText, namePattern, nameRule, textRule, utf8Length } from '../rules/names.ts';
import type { Filter, Match, Metadata } from '../vectors.ts';
import type { Batch, SearchItem, Single, Upserted, VectorInput, VectorItem, VectorList } from '../wire.ts';
import {
  answer,
  base64Image,
  base64Text,
  embeddingItem,
  imageBody,
  minScore,
  minScoreText,
  model,
  modelRef,
  numberText,
  region,
  regionText,
  resultsOf,
  settled,
  wholeNumber,
} from './inference.ts';
import type { Same } from './same.ts';

/** The wire format of search and vectors as schemas, as in `inference.ts`. */

export const text = (member: string) =>
  z.string().max(limits.vectorIdBytes).refine(isText, `${member} must be ${textRule}`);
const id = text('id').meta({ example: 'photo-1' });
export const name = (member: string) =>
  z.string().max(limits.nameLength).regex(namePattern, `${member} must be ${nameRule}`);
export const namespace = name('namespace').meta({
  description: `Default: ${defaultNamespace}. \`${galleryNamespace}\` is what the model brings along`,
  example: 'photos',
});

export const key = z.string().max(limits.nameLength).regex(keyPattern);
const metadataText = z.string().max(limits.metadataBytes);
export const metadataValue = z.union([metadataText, z.number(), z.boolean()]);
export const metadata = z
  .record(key, metadataValue)
  .refine(
    (value) => Object.keys(value).length <= limits.metadataKeys,
    `metadata must have at most ${limits.metadataKeys} keys`,
  )
  .refine(
    (value) => utf8Length(JSON.stringify(value)) <= limits.metadataBytes,
    `metadata must be at most ${limits.metadataBytes} bytes as JSON`,
  )
  .meta({
    id: 'Metadata',
    description: 'Strings, numbers and booleans',
    example: { label: 'cat', year: 2026 },
  });

const bound = z.union([metadataText, z.number()]).optional();
const values = z.array(metadataValue).max(limits.filterValues).optional();
const comparison = z
  .strictObject({
    eq: metadataValue.optional(),
    ne: metadataValue.optional(),
    in: values,
    nin: values,
    exists: z.boolean().optional(),
    gt: bound,
    gte: bound,
    lt: bound,
    lte: bound,
  })
  .refine(
    ({ gt, gte, lt, lte, ...others }) =>
      [gt, gte, lt, lte, ...Object.values(others)].some((member) => member !== undefined) &&
      (gt === undefined || gte === undefined) &&
      (lt === undefined || lte === undefined),
    'a comparison must have an operator, not both gt and gte, or lt and lte',
  );
export const filter: z.ZodType<Filter> = z
  .record(
    key,
    z.union([
      metadataValue,
      comparison,
      z
        .array(z.lazy(() => filter))
        .min(1)
        .max(limits.filterKeys),
    ]),
  )
  .superRefine((value, context) => {
    const problem = filterProblem(value);
    if (problem) context.addIssue({ code: 'custom', message: problem.message });
  })
  .meta({
    id: 'Filter',
    description:
      'Which vectors may match, by metadata key; a bare value stands for `{ "eq": value }`. Filters under `and` or `or` ' +
      `must all, or any of them, be met. At most ${limits.filterKeys} keys in all, ${limits.filterDepth} levels deep`,
    example: { year: { gte: 2020 }, or: [{ label: { in: ['cat', 'dog'] } }, { pet: true }] },
  });

const match = z
  .object({
    id: z.string(),
    score: z.number().min(-1).max(1).meta({ description: 'Cosine similarity' }),
    metadata: z.record(z.string(), metadataValue),
  })
  .meta({ id: 'Match' });
const matches = z.array(match).meta({ description: 'Best first; equal scores by id' });

export const searchResult = z.object({ ...answer, matches }).meta({ id: 'SearchResult' });
export const searchResultBatch = z
  .object({ ...answer, results: resultsOf({ matches }) })
  .meta({ id: 'SearchResultBatch', description: 'One result an image, in order' });

/** How to search; in the query, or beside `vector`, `id` or `image` in a JSON body. */
const searchParameters = {
  model,
  namespace: namespace.optional(),
  topK: wholeNumber('topK', 1, limits.matches)
    .optional()
    .meta({ description: `Default: ${defaultMatches}` }),
};
const diversity = z.number(diversityRange).min(0, diversityRange).max(1, diversityRange);
const variety = {
  description: 'How much matches should differ from one another (maximal marginal relevance). Default: 0',
};
const leastCosine = { description: 'Least cosine of a match. Default: -1' };
const filterText = z
  .string()
  .max(limits.filterLength)
  .optional()
  .meta({ description: 'A Filter as JSON', example: '{"label":"cat"}' });
export const searchQuery = z.object({
  ...searchParameters,
  settled,
  minScore: minScoreText.optional().meta(leastCosine),
  diversity: numberText(diversity, diversityRange).optional().meta(variety),
  region: regionText.optional(),
  filter: filterText,
});

/** Characters of the longest vector as base64. */
const vectorLength = 4 * Math.ceil((4 * limits.dimensions) / 3);
const numbers = z
  .union([z.array(z.number()).min(1).max(limits.dimensions), base64Text(vectorLength)])
  .meta({ description: 'Numbers, or base64 of little-endian float32; not all zero' });
const vectorOf = { vector: numbers, model: modelRef.optional() };

const { model: _, ...searchMembers } = searchParameters;
const inBody = {
  ...searchMembers,
  minScore: minScore.optional().meta(leastCosine),
  diversity: diversity.optional().meta(variety),
  filter: filter.optional(),
};
const ofImage = { image: base64Image, region: region.optional() };
const example = z.union([z.strictObject(vectorOf), z.strictObject(ofImage), z.strictObject({ id })]);
/** JSON bodies of a search without images of its own. */
export const searchByVector = z.strictObject({ ...inBody, ...vectorOf });
export const searchById = z.strictObject({ ...inBody, id });
export const searchByExamples = z
  .strictObject({
    ...inBody,
    like: z
      .array(example)
      .min(1, examplesRule)
      .max(limits.examplesPerSearch, examplesRule)
      .meta({ description: 'What matches should be like; those given by id are left out of the matches' }),
    dislike: z
      .array(example)
      .max(limits.examplesPerSearch, examplesRule)
      .optional()
      .meta({ description: 'What they should be unlike: half its mean is taken from that of `like`' }),
  })
  .refine(({ like, dislike = [] }) => like.length + dislike.length <= limits.examplesPerSearch, {
    path: ['like'],
    message: examplesRule,
  });
/** Any JSON body of a search. */
export const searchBody = z.union([
  searchByVector,
  searchById,
  searchByExamples,
  ...imageBody.options.map((option) => option.extend(inBody)),
]);
/** The members of a JSON body that say how to search; the rest says what for. */
export const searchOptions = z.looseObject(inBody);

export const vectorSource = [z.strictObject(vectorOf), z.strictObject(ofImage)] as const;
/** Query of a write. */
export const writeQuery = z.object({ model, region: regionText.optional() });
const described = { id, metadata: metadata.optional() };
const vectorInput = z.union([vectorSource[0].extend(described), vectorSource[1].extend(described)]);
export const upsertBody = z.strictObject({
  namespace: namespace.optional(),
  vectors: z.array(vectorInput).min(1).max(limits.vectorsPerRequest),
});
export const upserted = z
  .object({ namespace: z.string(), model: modelRef, upserted: z.int() })
  .meta({ id: 'Upserted' });

export const vectorItem = z
  .object({
    id: z.string(),
    namespace: z.string(),
    model: modelRef,
    metadata: z.record(z.string(), metadataValue),
    ...embeddingItem,
  })
  .meta({ id: 'Vector' });
export const vectorList = z
  .object({
    namespace: z.string(),
    model: modelRef.optional(),
    count: z.int().meta({ description: 'Vectors in the whole namespace, or those that meet the filter' }),
    vectors: z.array(vectorItem.pick({ id: true, metadata: true })),
    cursor: z.string().optional().meta({ description: 'For the next page; absent at the last' }),
  })
  .meta({ id: 'VectorList' });
export const vectorPath = z.object({ id });
export const namespaceQuery = z.object({ namespace: namespace.default(defaultNamespace) });
/** Characters of the longest id as base64. */
const cursorLength = 4 * Math.ceil(limits.vectorIdBytes / 3);
export const cursor = z.string().max(cursorLength).optional().meta({ description: 'Of the page before' });
export const listQuery = namespaceQuery.extend({
  limit: wholeNumber('limit', 1, limits.pageSize).default(defaultPageSize),
  cursor,
  filter: filterText,
});
export const deleted = z.object({ namespace: z.string() }).meta({ id: 'Deleted' });

const schemasMatch: [
  Same<z.infer<typeof metadata>, Metadata>,
  Same<z.infer<typeof filter>, Filter>,
  Same<z.infer<typeof match>, Match>,
  Same<z.infer<typeof searchResult>, Single<SearchItem>>,
  Same<z.infer<typeof searchResultBatch>, Batch<SearchItem>>,
  Same<z.infer<typeof vectorInput>, VectorInput>,
  Same<z.infer<typeof upserted>, Upserted>,
  Same<z.infer<typeof vectorItem>, VectorItem>,
  Same<z.infer<typeof vectorList>, VectorList>,
] = [true, true, true, true, true, true, true, true, true];
void schemasMatch;
