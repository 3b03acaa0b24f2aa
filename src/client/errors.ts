import { type ConnectionErrorCode, type ErrorCode, type Problem, UnlabelError } from '../contract/errors.ts';
import { retryAfterOf } from './http/retry-after.ts';

/**
 * The service, or a proxy on the way, answered with an error; or with a success whose body is not what the API
 * promises. There is a subclass for every `code`, and {@link name} is that of the subclass.
 */
export class UnlabelApiError<Code extends ErrorCode = ErrorCode> extends UnlabelError {
  override readonly name: string;
  declare readonly code: Code;
  /**
   * What the service said. Undefined where a proxy answered: `code` then follows from the status, as it does for a
   * `problem.code` that this version does not know.
   */
  readonly problem: Problem | undefined;
  /** Name of the request in the log of the service. */
  readonly requestId: string | undefined;
  /** Headers of the answer. */
  readonly headers: Headers;
  readonly #status: number;

  constructor(
    code: Code,
    { status, headers }: Pick<Response, 'status' | 'headers'>,
    detail: string,
    {
      problem,
      ...options
    }: { problem?: Problem | undefined; field?: string | undefined; cause?: unknown } = {},
  ) {
    super(code, detail, options);
    this.name = classNameOf(code);
    this.problem = problem;
    this.requestId = problem?.requestId ?? headers.get('x-request-id') ?? undefined;
    this.headers = headers;
    this.#status = status;
  }

  /** HTTP status of the answer. */
  override get status(): number {
    return this.#status;
  }

  /** Seconds from now that the service asks to wait before the next request, of its `Retry-After`. */
  get retryAfter(): number | undefined {
    return retryAfterOf(this.headers);
  }
}

/** `rate_limited` -> `RateLimitedError`; minified classes have no names of their own. */
function classNameOf(code: ErrorCode): string {
  return `${code}_error`
    .replace('error_error', 'error')
    .replace(/(?:^|_)(.)/g, (_, first) => first.toUpperCase());
}

/** 400: the request is malformed; also any other 4xx of a proxy. */
export class InvalidRequestError extends UnlabelApiError<'invalid_request'> {}
/** 400: the image cannot be read. */
export class InvalidImageError extends UnlabelApiError<'invalid_image'> {}
/** 401: an API key is required. */
export class UnauthorizedError extends UnlabelApiError<'unauthorized'> {}
/** 403: the API key does not allow this. */
export class ForbiddenError extends UnlabelApiError<'forbidden'> {}
/** 404: not found. */
export class NotFoundError extends UnlabelApiError<'not_found'> {}
/** 404: the service has no model of that name. */
export class ModelNotFoundError extends UnlabelApiError<'model_not_found'> {}
/** 404: the namespace has no vector of that id. */
export class VectorNotFoundError extends UnlabelApiError<'vector_not_found'> {}
/** 404: the service has no set of classes of that name. */
export class ClassesNotFoundError extends UnlabelApiError<'classes_not_found'> {}
/** 405: the method is not allowed here. */
export class MethodNotAllowedError extends UnlabelApiError<'method_not_allowed'> {}
/** 408: the request took too long to arrive, also when it was sent again. */
export class RequestTimeoutError extends UnlabelApiError<'request_timeout'> {}
/** 413: the request has too many bytes. */
export class BodyTooLargeError extends UnlabelApiError<'body_too_large'> {}
/** 413: the image has too many pixels. */
export class ImageTooLargeError extends UnlabelApiError<'image_too_large'> {}
/** 415: the service does not read images of this type. */
export class UnsupportedMediaTypeError extends UnlabelApiError<'unsupported_media_type'> {}
/** 422: a parameter is out of range; `field` names it. */
export class InvalidParameterError extends UnlabelApiError<'invalid_parameter'> {}
/** 422: the stored vectors belong to another model, version or length; the message names both. */
export class ModelMismatchError extends UnlabelApiError<'model_mismatch'> {}
/** 429: too many requests, also after the wait that `Retry-After` asks for; see `retryAfter`. */
export class RateLimitedError extends UnlabelApiError<'rate_limited'> {}
/** 500: the service failed; also 502 or 504 of a proxy, and a success with an unexpected body. */
export class InternalError extends UnlabelApiError<'internal_error'> {}
/** 501: the deployment, or its store, does not support this. */
export class NotSupportedError extends UnlabelApiError<'not_supported'> {}
/** 503: the service is at capacity. */
export class OverloadedError extends UnlabelApiError<'overloaded'> {}
/** 503: the store of vectors or classes fails or does not answer; a write may or may not have been stored. */
export class StoreUnavailableError extends UnlabelApiError<'store_unavailable'> {}
/** 503: the model cannot be loaded; a later request may succeed. */
export class ModelUnavailableError extends UnlabelApiError<'model_unavailable'> {}
/** 507: quota exceeded; the message names the limit. */
export class QuotaExceededError extends UnlabelApiError<'quota_exceeded'> {}

/** No answer came: the host was not found, the connection was refused or lost, or CORS forbids it. See `cause`. */
export class ConnectionError extends UnlabelError {
  override readonly name: string = 'ConnectionError';
  declare readonly code: ConnectionErrorCode;

  constructor(
    message: string,
    options?: { cause?: unknown },
    code: ConnectionErrorCode = 'connection_failed',
  ) {
    super(code, message, options);
  }
}

/** No complete answer came within `timeout`. */
export class TimeoutError extends ConnectionError {
  override readonly name = 'TimeoutError';

  constructor(message: string) {
    super(message, {}, 'timeout');
  }
}

/** The service answered with a redirect; it is not followed, and the message names where it leads. */
export class RedirectError extends ConnectionError {
  override readonly name = 'RedirectError';

  constructor(message: string) {
    super(message, {}, 'redirected');
  }
}
