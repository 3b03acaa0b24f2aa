/** HTTP status of every error code: the closed list that service and client share. */
export const errorStatuses = {
  invalid_request: 400,
  invalid_image: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  model_not_found: 404,
  vector_not_found: 404,
  classes_not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  body_too_large: 413,
  image_too_large: 413,
  unsupported_media_type: 415,
  invalid_parameter: 422,
  model_mismatch: 422,
  rate_limited: 429,
  internal_error: 500,
  not_supported: 501,
  model_unavailable: 503,
  store_unavailable: 503,
  overloaded: 503,
  quota_exceeded: 507,
} as const satisfies Record<string, number>;

/** A machine-readable reason of the service for a failure; stable across versions. */
export type ErrorCode = keyof typeof errorStatuses;

/** Why a client got no answer; never sent over HTTP. */
export type ConnectionErrorCode = 'connection_failed' | 'timeout' | 'redirected';

/** An error answer of the HTTP API: `application/problem+json` (RFC 9457) with three members of its own. */
export interface Problem {
  /** URI reference of the problem type: `/docs#<code>`. */
  type: string;
  /** Short summary, the same for every occurrence of a `code`. */
  title: string;
  /** HTTP status. */
  status: number;
  /** What is wrong this time: names the field and the limit, never repeats the payload. */
  detail: string;
  code: ErrorCode;
  /** The field that is wrong, where there is one: `topK`, `file[3]`, `image`. */
  field?: string;
  /** The `x-request-id` of the answer. */
  requestId: string;
  /** The same again where OpenAI's clients look for it: from `POST /v1/embeddings` only. */
  error?: { message: string; type: string; param: string | null; code: ErrorCode };
}

/**
 * A failure that the caller can act on: the base class of every error of this package. The service answers with it as
 * a {@link Problem}.
 */
export class UnlabelError extends Error {
  override readonly name: string = 'UnlabelError';
  readonly code: ErrorCode | ConnectionErrorCode;
  /** The field that is wrong, where there is one. */
  readonly field: string | undefined;

  constructor(
    code: ErrorCode | ConnectionErrorCode,
    detail: string,
    options: { field?: string | undefined; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.field = options.field;
  }

  /** HTTP status that goes with {@link code}; 0, as of a network error of `fetch`, where no answer came. */
  get status(): number {
    return isErrorCode(this.code) ? errorStatuses[this.code] : 0;
  }
}

/** Whether the service answers with this code: it then has an HTTP status and a title. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorStatuses, code);
}

/**
 * An error about one image, with the caller's name for that image in its field, unless a parameter is at fault, and in its
 * message where it is one of a list.
 */
export function atField(error: UnlabelError, field: string): UnlabelError {
  const message =
    field.includes('[') && !error.message.includes(field) ? `${field}: ${error.message}` : error.message;
  return new UnlabelError(error.code, message, {
    field: error.field === 'region' ? error.field : field,
    cause: error.cause,
  });
}
