/** What the weights of a file are stored as: `int8` runs on WASM, `fp32` anywhere. */
export type Precision = 'int8' | 'fp16' | 'fp32';

/** One file of weights. */
export interface ModelFile {
  /** File name beside the manifest. */
  file: string;
  precision: Precision;
  bytes: number;
  /** SHA-256 of the file, 64 hexadecimal digits. */
  sha256: string;
  /** Figures measured on this very file, 0 to 1 (`accuracy`, `nmi`, `knn20`, ...). */
  metrics: Record<string, number>;
}

/** `model/<name>/manifest.json`: all that a server or a page must know to run a model. */
export interface Manifest {
  /** Folder name: lower-case letters, digits and dashes. */
  name: string;
  /** Semantic version of the weights. */
  version: string;
  description: string;
  /** The graph takes `uint8 [N, height, width, 3]`, RGB; an image is centre-cropped to this aspect, then resized. */
  input: { width: number; height: number };
  /** Class names by output index; `probabilities [N, classes]`. */
  classes: string[];
  /** Where the names come from: a labelled set by the Hungarian method, a person, or numbered. */
  classNames: 'hungarian' | 'person' | 'numbered';
  embedding: { dimensions: number };
  files: ModelFile[];
  /** One input and what the network must answer to it, to check a runtime before it is trusted. */
  golden: {
    /** Base64 of `height * width * 3` RGB bytes; synthetic, not a picture of the training set. */
    input: string;
    /** By precision: expected outputs. */
    outputs: Partial<Record<Precision, { probabilities: number[]; embedding: number[] }>>;
  };
  /** How the weights came to be. */
  training: {
    method: string;
    recipe: Record<string, unknown>;
    seed: number;
    data: string;
    images: number;
    epochs: number;
    seconds: number;
    device: string;
  };
  license: string;
}
