import { type ErrorCode, UnlabelError } from '../../contract/errors.ts';

const codes: Record<number, ErrorCode> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'model_not_found',
  422: 'invalid_parameter',
};

/** Passes a good answer on. @throws UnlabelError for any other. */
export function checkAnswer(response: Response, what: string): Response {
  if (response.ok) return response;
  throw new UnlabelError(
    codes[response.status] ?? 'model_unavailable',
    `${what} was answered with HTTP ${response.status}`,
  );
}

/** The error for what the network did not bring. */
export function unreachable(what: string, cause: unknown): UnlabelError {
  return new UnlabelError('model_unavailable', `${what} cannot be reached`, { cause });
}
