/**
 * Every limit of the service, in one place, each with its reason.
 *
 * A Workers isolate has 128 MB for the runtime, the weights and all requests in flight; these numbers keep a
 * full house below that.
 */
export const limits = {
  /** Bytes of one request body. Four requests at the cap stay within 32 MB. */
  bodyBytes: 8 * 1024 * 1024,
  /**
   * Pixels of one image (2048 x 2048), read from its header before any decoding. A decoder needs about 8 bytes
   * a pixel (RGBA inside its memory and again outside), so 4 MP cost 32 MB at the peak.
   */
  imagePixels: 2048 * 2048,
  /** Pixels along one side of an image: what the WebP and most JPEG encoders can write; refuses thin bombs. */
  imageSide: 16_384,
  /** Images of one request; they share one run of the network. */
  imagesPerRequest: 32,
  /** Predictions of one image: no shipped model has more classes. */
  topK: 1_000,
} as const;

/** Predictions returned when `topK` is not given. */
export const defaultTopK = 5;
