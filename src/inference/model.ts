import { UnlabelError } from '../contract/errors.ts';
import type { Manifest, Precision } from '../contract/manifest.ts';
import type { ModelRef } from '../contract/model.ts';
import { sha256 } from '../util/sha256.ts';
import { fileOf, parseManifest } from './manifest.ts';
import type { NetworkOutput, NetworkSession, Runtime } from './runtime/runtime.ts';

/** Where a model's files come from: `read('manifest.json')`, `read('cifar10.int8.onnx')`. */
export interface ModelSource {
  /** @throws UnlabelError `model_not_found` or `model_unavailable`. */
  read(file: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** A network, wherever it runs: in this thread, or behind a Worker. */
export interface Network<Image> {
  readonly manifest: Manifest;
  /** Runs the network once over a batch. */
  run(images: readonly Image[]): Promise<NetworkOutput>;
}

/** A loaded network. Its images are RGB bytes of the model's size. */
export class Model implements Network<Uint8Array> {
  readonly manifest: Manifest;
  readonly precision: Precision;
  readonly device: Runtime['device'];
  readonly #session: NetworkSession;

  private constructor(
    manifest: Manifest,
    precision: Precision,
    device: Runtime['device'],
    session: NetworkSession,
  ) {
    this.manifest = manifest;
    this.precision = precision;
    this.device = device;
    this.#session = session;
  }

  /**
   * Reads manifest and weights, checks the weights' SHA-256 and makes the session.
   *
   * The check comes before the runtime sees a byte: a first session that fails leaves onnxruntime-web unusable
   * for the life of the process.
   * @throws UnlabelError `model_not_found` or `model_unavailable`.
   */
  static async load(source: ModelSource, runtime: Runtime, precision: Precision = 'int8'): Promise<Model> {
    const manifest = parseManifest(new TextDecoder().decode(await source.read('manifest.json')));
    const file = fileOf(manifest, precision);
    const weights = await source.read(file.file);
    if ((await sha256(weights)) !== file.sha256)
      throw new UnlabelError(
        'model_unavailable',
        `The weights of ${manifest.name} do not have the hash of its manifest`,
      );
    return Model.create(manifest, precision, weights, runtime);
  }

  /**
   * Makes the session of weights whose hash has been checked.
   * @throws UnlabelError `model_unavailable`.
   */
  static async create(
    manifest: Manifest,
    precision: Precision,
    weights: Uint8Array,
    runtime: Runtime,
  ): Promise<Model> {
    try {
      return new Model(manifest, precision, runtime.device, await runtime.load(weights));
    } catch (cause) {
      if (cause instanceof UnlabelError) throw cause;
      throw new UnlabelError('model_unavailable', `The weights of ${manifest.name} cannot be loaded`, {
        cause,
      });
    }
  }

  get ref(): ModelRef {
    return { name: this.manifest.name, version: this.manifest.version };
  }

  /** Bytes of one image: `height * width * 3`. */
  get inputBytes(): number {
    return this.manifest.input.height * this.manifest.input.width * 3;
  }

  /**
   * Runs the network once over a batch.
   * @param images - RGB bytes of the model's size, one array an image.
   */
  async run(images: readonly Uint8Array[]): Promise<NetworkOutput> {
    const { height, width } = this.manifest.input;
    return this.#session.run(concatenate(images), [images.length, height, width]);
  }

  /** Whether its instance of the runtime has failed: the model must be loaded again. */
  get broken(): boolean {
    return this.#session.broken ?? false;
  }

  /** Frees the weights. The model cannot run afterwards. */
  release(): Promise<void> {
    return this.#session.release();
  }
}

/** All images in one array; a single image is not copied. */
function concatenate([first, ...rest]: readonly Uint8Array[]): Uint8Array {
  if (!first || rest.length === 0) return first ?? new Uint8Array();
  const pixels = new Uint8Array(first.length * (rest.length + 1));
  [first, ...rest].forEach((image, i) => {
    pixels.set(image, i * first.length);
  });
  return pixels;
}
