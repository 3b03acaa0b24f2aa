/**
 * Every limit of the service, in one place, each with its reason.
 *
 * A Workers isolate has 128 MB for the runtime, the weights and all requests in flight; these numbers keep a
 * full house below that.
 */
export const limits = {
  /** Bytes of one request body: a photo of 4 MP at the best JPEG quality, and a quarter of 32 MB. */
  bodyBytes: 8 * 1024 * 1024,
  /**
   * Pixels of one image (2048 x 2048), read from its header before any decoding. A JPEG of that size was seen to
   * take 41 MB inside its decoder and 17 MB outside.
   */
  imagePixels: 2048 * 2048,
  /** Pixels along one side of an image: what the WebP and most JPEG encoders can write; refuses thin bombs. */
  imageSide: 16_384,
  /** Images of one request; they share one run of the network. */
  imagesPerRequest: 32,
  /**
   * Scans of one JPEG. Encoders write up to about 20; every scan costs a pass over all blocks, so a small file with
   * thousands of empty ones would keep a decoder busy for minutes.
   */
  jpegScans: 100,
  /** Predictions of one image: no shipped model has more classes. */
  topK: 1_000,
} as const;

/** Predictions returned when `topK` is not given. */
export const defaultTopK = 5;
