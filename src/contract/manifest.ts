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
  /** What the classes are called where they come from, such as WordNet ids; absent where that is their name. */
  classIds?: string[] | undefined;
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
  /** What a score is worth; absent where no labelled image has said so. */
  confidence?:
    | {
        /** Logits are divided by it, in the graph; fitted to labelled images after training (arXiv 1706.04599). */
        temperature: number;
        /** Expected calibration error on test images, 0 to 1, with and without the temperature. */
        ece?: number | undefined;
        eceBefore?: number | undefined;
        /** When to call an image unknown. */
        unknown?:
          | {
              /**
               * What separates best: the best score, or the cosine to the nearest labeled training embedding.
               *
               * @default 'score'
               */
              by?: 'score' | 'nearest' | undefined;
              /** Suggested threshold: a best score below it means that the image shows none of the classes. */
              score: number;
              /** The same for the cosine to the nearest labeled training embedding. */
              similarity?: number | undefined;
              /** Part of the test images that the threshold of `by` keeps, and of images of none of the classes that it refuses. */
              keeps: number;
              refuses: number;
              /** Area under the ROC curve, by best score and by similarity to the nearest labelled embedding; 0.5 is chance. */
              aurocScore: number;
              aurocNearest: number;
            }
          | undefined;
      }
    | undefined;
  /** Embeddings of labelled training images, as an index file; they are the namespace `gallery`. */
  gallery?:
    | {
        file: string;
        /** Vectors in it. */
        count: number;
        bytes: number;
        sha256: string;
        /**
         * Test accuracy of 20 neighbours that vote, 0 to 1: with the gallery (`knn20`) and with all labelled training
         * images (`knn20All`).
         */
        metrics: Record<string, number>;
      }
    | undefined;
  /** How the weights came to be. */
  training: {
    method: string;
    recipe: Record<string, unknown>;
    seed: number;
    data: string;
    images: number;
    /** The model whose network the training started from, and what that had cost, with all that it had started from. */
    init?: { model: string; version: string; multiplyAccumulates?: number | undefined } | undefined;
    /** Passes of the network over the images, all stages together. */
    epochs: number;
    /** Epochs by stage: `pretrain`, `neighbors` (of the heads alone), `self-label`, `distill`. */
    stages?: Record<string, number> | undefined;
    /** The network that was distilled, where this one is a student. */
    teacher?: { depth: number; width: number } | undefined;
    /** Multiply-accumulates of pretraining and self-labeling, forward and backward. */
    multiplyAccumulates?: number | undefined;
    seconds: number;
    /** Seconds times threads, in hours, where it ran on a CPU. */
    coreHours?: number | undefined;
    device: string;
  };
  license: string;
}
