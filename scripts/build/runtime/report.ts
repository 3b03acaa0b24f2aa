import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** What a trimming came to; `report.json` beside its output. */
export interface Report {
  /** Version of onnxruntime-web. */
  onnxruntime: string;
  /** How many the stock runtime has, and how many were kept, without those that start it and with them. */
  functions: { stock: number; started: number; kept: number };
  files: Record<string, Size>;
  /** Whose use was profiled, and whose answers were compared. */
  networks: { name: string; sha256: string }[];
  /** How many runs had the same outputs, and how many things were refused alike. */
  answers: number;
  refusals: number;
  /** Hash of all that went in. */
  inputs: string;
}

/** Bytes of a file, as it is and compressed. */
export interface Size {
  sha256: string;
  bytes: number;
  gzip: number;
  brotli: number;
}

export function sizeOf(bytes: Uint8Array): Size {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 };
  return {
    sha256: hash(bytes),
    bytes: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

/** SHA-256 of some parts. */
export function hash(...parts: (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

/** A report in a line. */
export function summary({ functions, files }: Report): string {
  const mega = (bytes = 0) => `${(bytes / 1e6).toFixed(2)} MB`;
  const size = (file: string) => {
    const { bytes, gzip, brotli } = files[file] ?? {};
    return `${mega(bytes)}, ${mega(gzip)} gzip, ${mega(brotli)} Brotli`;
  };
  return `${functions.kept} of ${functions.stock} functions, ${size('ort.wasm')}; started: ${functions.started}, ${size('ort-started.wasm')}`;
}
