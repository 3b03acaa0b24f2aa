/** Output of the network for a batch of N images. */
export interface NetworkOutput {
  /** Class probabilities, `N * classes`, row by row. */
  probabilities: Float32Array;
  /** Unit vectors, `N * dimensions`, row by row. */
  embedding: Float32Array;
}

/** Weights, loaded and ready to run. */
export interface NetworkSession {
  /**
   * Runs the network once.
   * @param pixels - RGB bytes, `[batch, height, width, 3]`.
   */
  run(
    pixels: Uint8Array,
    shape: readonly [batch: number, height: number, width: number],
  ): Promise<NetworkOutput>;
  /** Frees the weights. */
  release(): Promise<void>;
  /** Whether its instance of the runtime has failed: the session cannot run any more; load the weights again. */
  readonly broken?: boolean;
}

/** The seam between this package and the platform that runs the network: one implementation a platform. */
export interface Runtime {
  readonly device: 'wasm' | 'webgpu';
  /** Does beforehand what the first `load` would wait for, where that can be apart from it. */
  start?(): Promise<void>;
  /** Makes a session of an ONNX file's bytes, which the caller has checked. */
  load(weights: Uint8Array): Promise<NetworkSession>;
}
