import { UnlabelError } from '../../../contract/errors.ts';
import { filter } from '../../../contract/schemas/vectors.ts';
import type { Filter } from '../../../contract/vectors.ts';
import { parse, parseJson } from '../../request/json.ts';

/**
 * The filter of a query, which is JSON.
 * @throws UnlabelError `invalid_parameter`.
 */
export function filterOf(text: string | undefined): Filter | undefined {
  if (text === undefined) return undefined;
  try {
    return parse(filter, parseJson(new TextEncoder().encode(text)));
  } catch (cause) {
    if (!(cause instanceof UnlabelError) || cause.code === 'invalid_parameter') throw cause;
    throw new UnlabelError('invalid_parameter', 'filter must be JSON', { field: 'filter', cause });
  }
}
