import type { RouteConfig } from '@hono/zod-openapi';
import { errorCodes } from '../../../contract/error-codes.ts';
import type { ErrorCode } from '../../../contract/errors.ts';
import { problem } from '../../../contract/schemas/inference.ts';

type Responses = RouteConfig['responses'];

/** OpenAPI responses for the errors that a route can answer with, by status. */
export function problemResponses(...codes: ErrorCode[]): Responses {
  const byStatus = Map.groupBy(codes, (code) => errorCodes[code][0]);
  return Object.fromEntries(
    Array.from(byStatus, ([status, sameStatus]) => [
      status,
      {
        description: sameStatus.map((code) => `\`${code}\`: ${errorCodes[code][1]}`).join('. '),
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  );
}

/** Problems of every route that runs the network. */
export const inferenceProblems = problemResponses(
  'invalid_request',
  'invalid_image',
  'unauthorized',
  'model_not_found',
  'body_too_large',
  'image_too_large',
  'unsupported_media_type',
  'invalid_parameter',
  'request_timeout',
  'rate_limited',
  'model_unavailable',
  'overloaded',
);

/** Problems of every route that takes vectors or images for a store. */
export const vectorProblems = problemResponses(
  'invalid_request',
  'invalid_image',
  'unauthorized',
  'forbidden',
  'body_too_large',
  'image_too_large',
  'unsupported_media_type',
  'invalid_parameter',
  'model_mismatch',
  'request_timeout',
  'rate_limited',
  'not_supported',
  'model_unavailable',
  'store_unavailable',
  'overloaded',
);

/** Problems of every route that uses a store. */
export const storeProblems = problemResponses(
  'unauthorized',
  'forbidden',
  'invalid_parameter',
  'rate_limited',
  'not_supported',
  'store_unavailable',
);
