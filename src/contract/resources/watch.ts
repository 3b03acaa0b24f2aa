import type { Classification, ClassifyOptions } from '../engine.ts';
import { UnlabelError } from '../errors.ts';
import type { Dom } from '../image-source.ts';
import { limits } from '../limits.ts';
import type { ClassifyLookup } from '../vectors.ts';

/** What can be watched: a `<video>`, the MediaStream of a camera, or images as they come, such as a stream of VideoFrames. */
export type Moving<Image> =
  | Dom<'HTMLVideoElement'>
  | Dom<'MediaStream'>
  | AsyncIterable<Image>
  | ReadableStream<Image>;

/** Options of {@link Watching.watch}. */
export interface WatchOptions extends ClassifyOptions {
  /**
   * Most frames a second that are classified, above 0 and at most 1000.
   * @default as many as there is time for
   */
  fps?: number | undefined;
}

/** An engine that classifies what moves. */
export interface Watching<Image, Model extends string = string> {
  /**
   * Classifies a video while it goes on: the newest frame, then the one that is newest once that is answered. Frames in
   * between are dropped, so that an answer is never about long ago. It ends when the video ends, when the loop is left or
   * with the reason of `signal`; the video and the tracks of a stream stay as they are. Bitmaps and VideoFrames of a
   * stream of images are closed.
   *
   * ```ts
   * for await (const { predictions } of engine.watch(video, { fps: 5 })) show(predictions);
   * ```
   *
   * @throws UnlabelError `invalid_parameter`; what `classify` throws.
   */
  watch(
    source: Moving<Image>,
    options: WatchOptions & ClassifyLookup,
  ): AsyncGenerator<Classification<Model, string>, void>;
  watch(source: Moving<Image>, options?: WatchOptions): AsyncGenerator<Classification<Model>, void>;
}

/** @throws UnlabelError `invalid_parameter`. */
export function checkFps(fps: unknown): void {
  if (fps === undefined || (typeof fps === 'number' && fps > 0 && fps <= limits.fps)) return;
  throw new UnlabelError('invalid_parameter', `fps must be a number above 0 and at most ${limits.fps}`, {
    field: 'fps',
  });
}
