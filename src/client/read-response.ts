import { type ErrorCode, errorCodes, type Problem } from '../contract/errors.ts';
import * as errors from './errors.ts';

// Of the codes that share a status, the first is the one for an answer that names none.
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
  text: string;
}

/**
 * Reads the JSON of an answer.
 *
 * @param read makes the result of a success; throws if it has another shape.
 * @throws UnlabelApiError of the class for its `code`, unless the answer is a success that `read` accepts.
 */
export function readAnswer<T>({ response, text }: Answer, read: (body: unknown) => T): T {
  let body: unknown;
  let cause: unknown;
  try {
    body = JSON.parse(text);
    if (response.ok) return read(body);
  } catch (error) {
    cause = error;
  }
  const problem = isProblem(body) ? body : undefined;
  const code = problem && Object.hasOwn(classes, problem.code) ? problem.code : codeOf(response.status);
  throw new (classes[code] as typeof errors.UnlabelApiError)(code, response, problem, cause);
}

/**
 * Holds a part of an answer against its promised shape, inside of a `read`.
 *
 * @throws TypeError if it differs.
 */
export function checkShape(matches: boolean): asserts matches {
  if (!matches) throw new TypeError('The answer has another shape');
}

function isProblem(body: unknown): body is Problem {
  const { code, detail } = (body ?? {}) as Partial<Problem>;
  return typeof code === 'string' && typeof detail === 'string';
}

function codeOf(status: number): ErrorCode {
  const codes = Object.keys(classes) as ErrorCode[];
  return (
    codes.find((code) => errorCodes[code][0] === status) ??
    (status >= 400 && status < 500 ? 'invalid_request' : 'internal_error')
  );
}
