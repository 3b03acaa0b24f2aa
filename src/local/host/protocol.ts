import type { ErrorCode } from '../../contract/errors.ts';

/** First message of a Worker: it has started. */
export interface Hello {
  /** Version of onnxruntime-web. */
  version: string;
}

/** The page asks the Worker to do something. */
export interface Ask {
  call: 'load' | 'time' | 'run';
  argument: unknown;
}

/** The Worker's answer to the latest question: only one is open at a time. */
export type Reply =
  | { value: unknown }
  | { failure: { message: string; code?: ErrorCode; field?: string | undefined } };
