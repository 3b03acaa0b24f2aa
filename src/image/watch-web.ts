import type { Classification, Engine } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import { brandOf } from '../contract/image-source.ts';
import { checkFps, type Moving, type WatchOptions } from '../contract/resources/watch.ts';

/** The newest frame of what moves. */
interface Frames<Image> {
  /** Waits for a frame that has not been given yet; undefined at the end. The caller closes it. */
  next(): Promise<{ image: Image } | undefined>;
  stop(): void;
}

/** Classifies the newest frame again and again; see `Watching.watch`. */
export async function* watch<Image, Model extends string>(
  { classify }: Pick<Engine<Image, Model>, 'classify'>,
  source: Moving<Image>,
  { fps, ...options }: WatchOptions = {},
): AsyncGenerator<Classification<Model>, void> {
  checkFps(fps);
  const { signal } = options;
  signal?.throwIfAborted();
  const frames = framesOf(source);
  let wake = () => {};
  const stop = () => {
    frames.stop();
    wake();
  };
  signal?.addEventListener('abort', stop);
  try {
    for (;;) {
      const began = performance.now();
      const frame = await frames.next().catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error;
      });
      if (!frame) {
        signal?.throwIfAborted();
        return;
      }
      let answer: Classification<Model>;
      try {
        answer = await classify(frame.image, options);
      } finally {
        close(frame.image);
      }
      yield answer;
      const rest = fps === undefined ? 0 : began + 1000 / fps - performance.now();
      if (rest > 0 && !signal?.aborted)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, rest);
          // A timer that is left behind would keep a process alive.
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      signal?.throwIfAborted();
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    frames.stop();
  }
}

function framesOf<Image>(source: Moving<Image>): Frames<Image> {
  const brand = brandOf(source);
  if (brand === 'HTMLVideoElement') return framesOfVideo(source as HTMLVideoElement);
  if (brand === 'MediaStream' && typeof document === 'object') return framesOfStream(source as MediaStream);
  const { getReader, [Symbol.asyncIterator]: iterate } = Object(source) as Record<PropertyKey, unknown>;
  if (getReader || iterate) return newestOf(source as AsyncIterable<Image> | ReadableStream<Image>);
  throw new UnlabelError(
    'invalid_parameter',
    `source must be a <video>, in a page also a MediaStream, or an iterable or stream of images, got ${brand}`,
    { field: 'source' },
  );
}

/** A video is drawn when its frame is asked for: what it has shown in between is dropped. */
function framesOfVideo<Image>(video: HTMLVideoElement): Frames<Image> {
  let isFirst = true;
  let isStopped = false;
  return {
    async next() {
      const { HAVE_CURRENT_DATA } = HTMLMediaElement;
      const isThere = isFirst && video.readyState >= HAVE_CURRENT_DATA;
      isFirst = false;
      const hasMore = isThere || (!hasEnded(video) && (await nextFrame(video, () => isStopped)));
      return hasMore ? { image: video as Image } : undefined;
    },
    stop() {
      isStopped = true;
    },
  };
}

/** Milliseconds between looks at whether a video has ended. */
const endedMs = 100;

function hasEnded(video: HTMLVideoElement): boolean {
  return video.ended || isOff(video);
}

/** Whether it shows a camera that is switched off. */
function isOff({ srcObject }: HTMLVideoElement): boolean {
  return (srcObject as MediaStream | null)?.active === false;
}

/** Whether a video shows another frame, before it ends. */
function nextFrame(video: HTMLVideoElement, isStopped: () => boolean): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const done = new AbortController();
    const { signal } = done;
    const settle = (hasMore: boolean) => {
      done.abort();
      clearInterval(timer);
      if (video.error) reject(video.error);
      else resolve(hasMore);
    };
    // A camera that is switched off fires no event.
    const timer = setInterval(() => {
      if (video.error || hasEnded(video) || isStopped()) settle(false);
    }, endedMs);
    // Firefox had no such callbacks before 132. Of a camera that goes off, Chromium shows a black frame.
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(() => settle(!isOff(video)));
    else (video as HTMLVideoElement).addEventListener('timeupdate', () => settle(true), { signal });
  });
}

/** The frames of a camera, by a video that is not shown. */
function framesOfStream<Image>(stream: MediaStream): Frames<Image> {
  const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true });
  video.srcObject = stream;
  const frames = framesOfVideo<Image>(video);
  const playing = video.play();
  playing.catch(() => {});
  return {
    async next() {
      const next = frames.next();
      // A stream that is off, or goes off before its first frame, never plays.
      await Promise.race([playing, next]);
      return next;
    },
    stop() {
      frames.stop();
      video.srcObject = null;
    },
  };
}

/** Reads images as fast as they come, and keeps the newest. */
function newestOf<Image>(source: AsyncIterable<Image> | ReadableStream<Image>): Frames<Image> {
  let newest: { image: Image } | undefined;
  let ended: { error?: unknown } | undefined;
  let wake = () => {};
  const images = imagesOf(source);
  const read = async () => {
    for (let step = await images.next(); !step.done; step = await images.next()) {
      if (ended) {
        close(step.value);
        break;
      }
      if (newest) close(newest.image);
      newest = { image: step.value };
      wake();
      // A source that never waits would let nothing else run.
      await new Promise((resolve) => setTimeout(resolve));
    }
  };
  read().then(
    () => end({}),
    (error: unknown) => end({ error }),
  );
  const end = (how: { error?: unknown }) => {
    ended ??= how;
    wake();
  };
  return {
    async next() {
      while (!newest && !ended) await new Promise<void>((resolve) => (wake = resolve));
      const frame = newest;
      newest = undefined;
      if (!frame && ended && 'error' in ended) throw ended.error;
      return frame;
    },
    stop() {
      end({});
      if (newest) close(newest.image);
      images.return?.().catch(() => {});
    },
  };
}

/** Not every browser can iterate a stream yet. */
function imagesOf<Image>(source: AsyncIterable<Image> | ReadableStream<Image>): AsyncIterator<Image> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]() as AsyncIterator<Image>;
  const reader = (source as ReadableStream<Image>).getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<Image>>,
    async return() {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

/** Frees a bitmap or a frame. */
function close(image: unknown): void {
  const { close } = Object(image) as Partial<ImageBitmap>;
  if (typeof close === 'function') close.call(image);
}
