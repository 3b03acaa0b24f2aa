import { type ErrorCode, UnlabelError } from '../contract/errors.ts';

/**
 * What a call to a Durable Object gives: its value, or a failure that the caller can act on. An error that is thrown
 * across the call would arrive without its class and its members.
 */
export type Settled<Value> =
  | { value: Value }
  | { code: ErrorCode; detail: string; field?: string | undefined };

/** Runs a piece of work in the object. What is not an {@link UnlabelError} is thrown as it is. */
export async function settle<Value>(work: () => Value | Promise<Value>): Promise<Settled<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof UnlabelError)) throw error;
    return { code: error.code, detail: error.message, field: error.field };
  }
}

/**
 * The value of a call, in the caller.
 * @throws UnlabelError as it was thrown in the object.
 */
export async function unwrap<Value>(call: Promise<Settled<Value>>): Promise<Value> {
  const settled = await call;
  if ('code' in settled) throw new UnlabelError(settled.code, settled.detail, { field: settled.field });
  return settled.value;
}

/** A binding to a class of Durable Objects. */
export interface ObjectBinding<Stub> {
  getByName(name: string): Stub;
}
