/** Limits of an engine in a page, each with its reason. Times are milliseconds. */
export const pageLimits = {
  /** One call of the Cache API, with the body of the file: reading 10 MB takes less than a second on a slow disk. */
  cacheMs: 5_000,
  /** Wait for a response or its next bytes: as long as the client gives a whole attempt. */
  stallMs: 30_000,
  /** The same if there is a stored copy: a page must not wait for a network that it does not need. */
  staleMs: 5_000,
  /** Start of a Worker, which downloads about 100 kB of code. */
  workerStartMs: 30_000,
  /** Loading weights: a software WebGPU adapter on a busy machine was seen to compile its shaders for two minutes. */
  hostLoadMs: 300_000,
  /** One run of a host: reading and running a batch of the largest images on a slow phone. */
  hostCallMs: 120_000,
  /**
   * Work waits so long before a further Worker starts: a few pictures at once are answered by then, and of a folder most
   * are still to come.
   */
  spareWaitMs: 100,
  /** A Worker beyond the first ends after so long without work: its memory is free again before the next folder is chosen. */
  spareRestMs: 20_000,
  /** Workers that may be asked for: as many as the cores of a large desktop. */
  workers: 32,
  /** Workers of `auto`: each beyond the first takes some 30 MB (`npm run bench -- --only many`). */
  autoWorkers: 4,
  /** Gigabytes of the machine for each Worker of `auto`: a photo of 64 megapixels is held as 256 MB of pixels. */
  workerGigabytes: 2,
  /** Gigabytes of a machine that does not tell: a phone's. */
  unknownGigabytes: 4,
  /** The answer of the GPU process, which may still be starting, to a request for an adapter. */
  gpuMs: 10_000,
  /** Opening IndexedDB: a page that waits longer keeps what it is given in memory. */
  storeOpenMs: 10_000,
  /** One transaction: the largest namespace, 64 MiB, written on a slow disk. */
  storeMs: 60_000,
  /** Making a bitmap of an element: it is decoded already. */
  takeMs: 10_000,
  /** Bytes of a manifest. The largest parts are the golden input and the class names: about 100 kB. */
  manifestBytes: 4 * 1024 * 1024,
  /** Bytes of a namespace as a file: the most numbers as float32 take 64 MiB, the rest is metadata. */
  indexBytes: 256 * 1024 * 1024,
} as const;
