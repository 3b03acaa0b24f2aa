import { type ErrorCode, errorCodes } from '../../contract/errors.ts';
import { problem } from '../../contract/schemas.ts';
import type { Responses } from '../environment.ts';

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

/** What every call of the network can answer with. */
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

/** What every call with vectors or images for a store can answer with. */
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

/** What every call of a store can answer with. */
export const storeProblems = problemResponses(
  'unauthorized',
  'forbidden',
  'invalid_parameter',
  'rate_limited',
  'not_supported',
  'store_unavailable',
);
