import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** The result of trimming, written to `report.json` beside the runtimes. */
export interface Report {
  /** Version of onnxruntime-web. */
  onnxruntime: string;
  operators: { stock: number; kept: number };
  functions: { stock: number; kept: number };
  files: Record<string, Size>;
  /** The networks that were profiled and compared. */
  networks: { name: string; sha256: string }[];
  /** Runs whose outputs had the same bits. */
  answers: number;
  /** Bad inputs that were refused alike. */
  refusals: number;
  /** SHA-256 of everything that the output depends on. */
  inputs: string;
}

/** Bytes of a file, raw and compressed. */
export interface Size {
  sha256: string;
  bytes: number;
  gzip: number;
  brotli: number;
}

export function sizeOf(bytes: Uint8Array): Size {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  return {
    sha256: hash(bytes),
    bytes: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

/** SHA-256 of parts, each with its length. */
export function hash(...parts: (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

/** One line for people. */
export function summary({ operators, functions, files }: Report): string {
  const { bytes = 0, gzip = 0, brotli = 0 } = files['ort.wasm'] ?? {};
  const [raw, zipped, squeezed] = [bytes, gzip, brotli].map((size) => `${(size / 1e6).toFixed(2)} MB`);
  return `${operators.kept} of ${operators.stock} operators, ${functions.kept} of ${functions.stock} functions, ${raw}, ${zipped} gzip, ${squeezed} Brotli`;
}
