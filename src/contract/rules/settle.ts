import { atField, UnlabelError } from '../errors.ts';

/**
 * The outcome of one of several inputs. Only an error of the input itself is one: what else fails does not come from
 * it, and fails the call.
 *
 * @param name - the caller's name for the input: `images[3]`.
 */
export async function settleOwn<Result>(
  name: string,
  answer: Promise<Result>,
): Promise<PromiseSettledResult<Result>> {
  try {
    return { status: 'fulfilled', value: await answer };
  } catch (reason) {
    if (!(reason instanceof UnlabelError) || !reason.field) throw reason;
    if (reason.field.startsWith(name)) return { status: 'rejected', reason: named(reason, reason.field) };
    if (!/^(image|id|vector|region|like|dislike)\b/.test(reason.field)) throw reason;
    const place = reason.field.startsWith('image') ? name : `${name}.${reason.field}`;
    return { status: 'rejected', reason: named(reason, place) };
  }
}

/** An error that names its field, which stays that of its own class where it does. */
function named(error: UnlabelError, field: string): UnlabelError {
  return error.field === field && error.message.includes(field) ? error : atField(error, field);
}
