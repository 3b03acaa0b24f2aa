import { type ErrorCode, errorStatuses } from './errors.ts';

/** Short summary of every error code; apart from the statuses, for clients have no use for it. */
const titles: Record<ErrorCode, string> = {
  invalid_request: 'The request is malformed',
  invalid_image: 'The image cannot be read',
  unauthorized: 'An API key is required',
  forbidden: 'The API key does not allow this',
  not_found: 'Not found',
  model_not_found: 'Model not found',
  vector_not_found: 'Vector not found',
  classes_not_found: 'Set of classes not found',
  method_not_allowed: 'The method is not allowed here',
  request_timeout: 'The request took too long to arrive',
  body_too_large: 'The request body is too large',
  image_too_large: 'The image has too many pixels',
  unsupported_media_type: 'The media type is not supported',
  invalid_parameter: 'A parameter is out of range',
  model_mismatch: 'The vectors belong to another model',
  rate_limited: 'Too many requests',
  internal_error: 'Internal error',
  not_supported: 'Not supported by this deployment',
  model_unavailable: 'The model cannot be loaded',
  store_unavailable: 'The store does not answer',
  overloaded: 'The service is at capacity',
  quota_exceeded: 'Quota exceeded',
};

/** HTTP status and title of every error code. */
export const errorCodes = Object.fromEntries(
  Object.entries(errorStatuses).map(([code, status]) => [code, [status, titles[code as ErrorCode]]]),
) as unknown as { [Code in ErrorCode]: readonly [status: (typeof errorStatuses)[Code], title: string] };
