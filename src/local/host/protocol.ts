import type { UnlabelError } from '../../contract/errors.ts';

/** First message of a Worker. */
export interface Started {
  /** Version of onnxruntime-web. */
  version: string;
}

/** A call of the page. One at a time. */
export interface HostCall {
  method: 'start' | 'load' | 'time' | 'run';
  argument: unknown;
}

/** The Worker's answer to the latest call. */
export type HostAnswer =
  | { value: unknown }
  | { failure: { message: string; code?: UnlabelError['code']; field?: string | undefined } };
