/** HTTP status and title of every error code: the closed list that server and client share. */
export const errorCodes = {
  invalid_request: [400, 'The request is malformed'],
  invalid_image: [400, 'The image cannot be read'],
  unauthorized: [401, 'An API key is required'],
  forbidden: [403, 'The API key does not allow this'],
  not_found: [404, 'There is nothing here'],
  model_not_found: [404, 'There is no such model'],
  vector_not_found: [404, 'There is no such vector'],
  classes_not_found: [404, 'There is no such set of classes'],
  method_not_allowed: [405, 'The method is not allowed here'],
  request_timeout: [408, 'The request took too long to arrive'],
  body_too_large: [413, 'The request body is too large'],
  image_too_large: [413, 'The image has too many pixels'],
  unsupported_media_type: [415, 'The media type is not supported'],
  invalid_parameter: [422, 'A parameter is out of range'],
  model_mismatch: [422, 'The vectors are of another model'],
  rate_limited: [429, 'Too many requests'],
  internal_error: [500, 'Something went wrong on our side'],
  not_supported: [501, 'This deployment does not do that'],
  model_unavailable: [503, 'The model cannot be loaded at the moment'],
  store_unavailable: [503, 'The store does not answer at the moment'],
  overloaded: [503, 'The service is at capacity'],
  quota_exceeded: [507, 'There is no room for more'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

/** A machine-readable reason for a failure; stable across versions. */
export type ErrorCode = keyof typeof errorCodes;

/**
 * An error answer of the HTTP API: `application/problem+json` as of RFC 9457, with three members of our own.
 */
export interface Problem {
  /** URI reference of the problem type: `/docs#<code>`. */
  type: string;
  /** Short summary, the same for every occurrence of a `code`. */
  title: string;
  /** HTTP status. */
  status: number;
  /** What is wrong this time: names the field and the limit, never the payload. */
  detail: string;
  code: ErrorCode;
  /** The field that is wrong, where there is one: `topK`, `file[3]`, `image`. */
  field?: string;
  /** The `x-request-id` of the answer. */
  requestId: string;
}

/**
 * A failure that the caller can act on. Thrown by every room of the server side; the app turns it into a {@link Problem}.
 */
export class UnlabelError extends Error {
  override readonly name: string = 'UnlabelError';
  readonly code: ErrorCode;
  /** The field that is wrong, where there is one. */
  readonly field: string | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { field?: string | undefined; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.field = options.field;
  }

  /** HTTP status that goes with {@link code}. */
  get status(): number {
    return errorCodes[this.code][0];
  }
}
