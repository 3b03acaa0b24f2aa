import type { ListOptions, Region } from '../contract/model.ts';
import type { Single } from '../contract/wire.ts';
import { checkShape } from './check-shape.ts';
import type { Query, Send } from './http/request.ts';
import type { RequestOptions } from './http/service.ts';
import type { HostedImage } from './images/take.ts';

/** Options of a call with images. */
export interface InferOptions extends RequestOptions, ListOptions {
  region?: Region | undefined;
  /** The parts of single images that count, by their places, where that is not `region`. */
  regions?: readonly (Region | undefined)[] | undefined;
  /** Requests in flight at a time. Default: `requestsAtOnce`. */
  atOnce?: number | undefined;
}

/** One thing that the network does with an image. */
export interface Task<Item, Result> {
  path: string;
  query: Query;
  /** Whether each image of a list has an outcome of its own. */
  settled?: boolean | undefined;
  /** Makes the result of the answer to one image; throws if the answer has another shape. */
  read(answer: Single<Item>): Result;
}

/**
 * Runs a task on one image, or on many in as few requests as the limits allow; results are in the images' order. The
 * images are taken before control returns.
 *
 * @param nameOf - the caller's name for an image, in errors. Default: `image`, or `images[<index>]` of an array.
 */
export type Infer = <Item, Result>(
  task: Task<Item, Result>,
  images: HostedImage | readonly HostedImage[],
  options?: InferOptions,
  nameOf?: (index: number) => string,
) => Promise<Result | Result[] | PromiseSettledResult<Result>[]>;

/** How a client reaches its service. */
export interface Connection {
  send: Send;
  infer: Infer;
}

/** The result of the answer to one image. */
export function readOne<Item, Result>({ read }: Task<Item, Result>, answer: Single<Item>): Result {
  checkShape(typeof answer.model.name === 'string');
  return read(answer);
}
