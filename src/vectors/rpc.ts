import { UnlabelError } from '../contract/errors.ts';

/** Result of a call to a Durable Object. A thrown error would lose its class and its members on the way. */
export type RpcResult<Value> =
  | { value: Value }
  | { code: UnlabelError['code']; detail: string; field?: string | undefined };

/** Runs work in the object; its {@link UnlabelError} becomes a result, any other error is thrown. */
export async function toRpcResult<Value>(work: () => Value | Promise<Value>): Promise<RpcResult<Value>> {
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
export async function unwrap<Value>(call: Promise<RpcResult<Value>>): Promise<Value> {
  return resultOf(await call);
}

/** @throws UnlabelError as it was thrown in the object. */
export function resultOf<Value>(result: RpcResult<Value>): Value {
  if ('code' in result) throw new UnlabelError(result.code, result.detail, { field: result.field });
  return result.value;
}

/** A binding to a class of Durable Objects. */
export interface ObjectBinding<Stub> {
  getByName(name: string): Stub;
}
