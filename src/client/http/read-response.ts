import { type ErrorCode, errorStatuses, type Problem } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { FailedItem } from '../../contract/wire.ts';
import * as errors from '../errors.ts';

// Of the codes that share a status, the first stands for an answer without a code.
const classes = {
  invalid_request: errors.InvalidRequestError,
  invalid_image: errors.InvalidImageError,
  unauthorized: errors.UnauthorizedError,
  forbidden: errors.ForbiddenError,
  not_found: errors.NotFoundError,
  model_not_found: errors.ModelNotFoundError,
  vector_not_found: errors.VectorNotFoundError,
  classes_not_found: errors.ClassesNotFoundError,
  method_not_allowed: errors.MethodNotAllowedError,
  request_timeout: errors.RequestTimeoutError,
  body_too_large: errors.BodyTooLargeError,
  image_too_large: errors.ImageTooLargeError,
  unsupported_media_type: errors.UnsupportedMediaTypeError,
  invalid_parameter: errors.InvalidParameterError,
  model_mismatch: errors.ModelMismatchError,
  rate_limited: errors.RateLimitedError,
  internal_error: errors.InternalError,
  not_supported: errors.NotSupportedError,
  overloaded: errors.OverloadedError,
  model_unavailable: errors.ModelUnavailableError,
  store_unavailable: errors.StoreUnavailableError,
  quota_exceeded: errors.QuotaExceededError,
} satisfies { [Code in ErrorCode]: new (...args: never) => errors.UnlabelApiError<Code> };

/** An answer that has arrived to its last byte. */
export interface Answer {
  response: Response;
  /** Where it comes from, for errors. */
  address: string;
  /** Undefined for an answer of more than `limits.answerBytes`. */
  text: string | undefined;
}

/**
 * Reads the JSON of an answer.
 *
 * @param read - makes the result of a success; throws if the answer has another shape.
 * @param rename - gives a field of the request the name that the caller knows it by.
 * @throws UnlabelApiError of the class for its `code`, unless the answer is a success that `read` accepts.
 */
export function readAnswer<T>(
  { response, address, text }: Answer,
  read: (body: unknown, response: Response) => T,
  rename: (field: string) => string = (field) => field,
): T {
  const { ok, status, headers } = response;
  let body: unknown;
  let cause: unknown;
  let shape = '';
  try {
    if (text === undefined) {
      shape = ` of more than ${limits.answerBytes} bytes`;
    } else {
      body = JSON.parse(text);
      if (ok) {
        shape = ' of another shape';
        return read(body, response);
      }
    }
  } catch (error) {
    cause = error;
  }
  const problem = isProblem(body) ? body : undefined;
  const code = problem && Object.hasOwn(classes, problem.code) ? problem.code : codeOf(status);
  const field = problem?.field && rename(problem.field);
  const type = headers.get('content-type') ?? 'no content type';
  const detail =
    problem?.detail ??
    `Expected an answer of the Unlabel API from ${address}, got HTTP ${status} with ${type}${shape}`;
  throw errorOf(code, response, detail, { problem, from: problem?.field, field, cause });
}

/** The error of one image of a batch whose others were answered. */
export function apiErrorOf(
  { code, detail, field }: FailedItem['error'],
  response: Response,
  rename: (field: string) => string,
): errors.UnlabelApiError {
  const known = Object.hasOwn(classes, code) ? code : 'invalid_image';
  return errorOf(known, response, detail, { from: field, field: field && rename(field) });
}

/** @param from - what the service calls the field; its messages do not have the caller's own name of an item. */
function errorOf(
  code: ErrorCode,
  response: Response,
  detail: string,
  {
    from,
    field,
    ...rest
  }: {
    from?: string | undefined;
    field?: string | undefined;
    problem?: Problem | undefined;
    cause?: unknown;
  },
): errors.UnlabelApiError {
  const message = field && field !== from ? `${field}: ${detail}` : detail;
  return new (classes[code] as typeof errors.UnlabelApiError)(code, response, message, { field, ...rest });
}

function isProblem(body: unknown): body is Problem {
  const { code, detail } = (body ?? {}) as Partial<Problem>;
  return typeof code === 'string' && typeof detail === 'string';
}

function codeOf(status: number): ErrorCode {
  const codes = Object.keys(classes) as ErrorCode[];
  return (
    codes.find((code) => errorStatuses[code] === status) ??
    (status >= 400 && status < 500 ? 'invalid_request' : 'internal_error')
  );
}
