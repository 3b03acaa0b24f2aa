import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import type { ModelRef } from '../contract/model.ts';
import type { Metadata } from '../contract/vectors.ts';
import { isDirection } from './vector-model.ts';

/**
 * A namespace in one file, little-endian:
 *
 *     8 bytes          "unlabel1"
 *     4 bytes          length of the header, a multiple of 4
 *     header           JSON of an {@link IndexHeader}, filled up with spaces
 *     rows             float32: count x dimensions; or int8: count scales as float32, then count x dimensions as
 *                      int8, where a vector is its numbers times its scale
 *     entries          JSON: [[id, metadata], ...]
 */
export interface IndexHeader {
  model: ModelRef;
  dimensions: number;
  /** Number of vectors. */
  count: number;
  /** `float32` holds the vectors bit by bit; `int8` is a quarter of the size. */
  rows: 'float32' | 'int8';
}

/** A vector's id and metadata. */
export type IndexEntry = readonly [id: string, metadata: Metadata];

/** An index file, read and checked. */
export interface IndexFile extends IndexHeader {
  entries: IndexEntry[];
  /** The vector in a place, 0 to `count - 1`; not to be written to. */
  vector(place: number): Float32Array;
}

const magic = 'unlabel1';
const preamble = magic.length + 4;

/** The first bytes of a file, up to its rows. */
export function encodeHeader({ model: { name, version }, dimensions, count, rows }: IndexHeader): Uint8Array {
  const json = JSON.stringify({ model: { name, version }, dimensions, count, rows });
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 4) * 4;
  const bytes = new Uint8Array(preamble + length).fill(0x20);
  bytes.set(new TextEncoder().encode(magic));
  new DataView(bytes.buffer).setUint32(magic.length, length, true);
  bytes.set(text, preamble);
  return bytes;
}

/** Writes a whole file; with `rows: 'int8'` each vector is rounded to 255 steps of its largest number. */
export function encodeIndex(
  header: Omit<IndexHeader, 'count'>,
  vectors: readonly { id: string; vector: Float32Array; metadata: Metadata }[],
): Uint8Array<ArrayBuffer> {
  const { dimensions } = header;
  const count = vectors.length;
  const head = encodeHeader({ ...header, count });
  const entries = new TextEncoder().encode(JSON.stringify(vectors.map(({ id, metadata }) => [id, metadata])));
  const isFloat = header.rows === 'float32';
  const rowBytes = isFloat ? 4 * count * dimensions : count * (4 + dimensions);
  const file = new Uint8Array(head.length + rowBytes + entries.length);
  file.set(head);
  file.set(entries, head.length + rowBytes);
  const floats = new Float32Array(file.buffer, head.length, isFloat ? count * dimensions : count);
  const codes = new Int8Array(file.buffer, head.length + 4 * count, isFloat ? 0 : count * dimensions);
  for (const [place, { vector }] of vectors.entries()) {
    if (isFloat) {
      floats.set(vector, place * dimensions);
      continue;
    }
    floats[place] = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
    const scale = floats[place] as number;
    codes.set(
      Array.from(vector, (value) => Math.round(value / scale)),
      place * dimensions,
    );
  }
  return file;
}

/**
 * Reads a file and checks all of it, so that what it gives can be searched. Its rows are not copied.
 * @throws UnlabelError `invalid_request`, saying what is wrong.
 */
export function readIndex(file: Uint8Array): IndexFile {
  const header = readHeader(file);
  const { dimensions, count, rows } = header;
  const start = preamble + new DataView(file.buffer, file.byteOffset).getUint32(magic.length, true);
  const scaleBytes = rows === 'int8' ? 4 * count : 0;
  const numberBytes = (rows === 'int8' ? 1 : 4) * count * dimensions;
  const end = start + scaleBytes + numberBytes;
  if (end > file.length) throw wrong('is truncated within its rows');
  const entries = readEntries(file.subarray(end), count);
  // A view of float32 must begin at a multiple of 4 bytes.
  const bytes = (file.byteOffset + start) % 4 === 0 ? file.subarray(start, end) : file.slice(start, end);
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, (scaleBytes || numberBytes) / 4);
  const codes = new Int8Array(bytes.buffer, bytes.byteOffset + scaleBytes, scaleBytes && numberBytes);
  const vector =
    rows === 'float32'
      ? (place: number) => floats.subarray(place * dimensions, (place + 1) * dimensions)
      : (place: number) => {
          // As it is converted, not by a function for each number, which is slower.
          const numbers = new Float32Array(codes.subarray(place * dimensions, (place + 1) * dimensions));
          const scale = floats[place] as number;
          for (let i = 0; i < dimensions; i++) numbers[i] = (numbers[i] as number) * scale;
          return numbers;
        };
  for (let place = 0; place < count; place++)
    if (!isDirection(vector(place)))
      throw wrong(`has numbers that are not finite, or all zero, in row ${place}`);
  return { ...header, entries, vector };
}

function readHeader(file: Uint8Array): IndexHeader {
  const text = (from: number, to: number) => new TextDecoder().decode(file.subarray(from, to));
  if (file.length < preamble || text(0, magic.length) !== magic)
    throw wrong('does not start with "unlabel1"');
  const length = new DataView(file.buffer, file.byteOffset).getUint32(magic.length, true);
  if (length % 4 !== 0 || preamble + length > file.length) throw wrong('has no header');
  const { model, dimensions, count, rows } = parse(text(preamble, preamble + length)) as Partial<IndexHeader>;
  const isHeader =
    typeof model?.name === 'string' &&
    typeof model.version === 'string' &&
    isCount(dimensions, limits.dimensions) &&
    dimensions > 0 &&
    isCount(count, limits.namespaceNumbers) &&
    (rows === 'float32' || rows === 'int8');
  if (!isHeader) throw wrong('has no valid header');
  return { model, dimensions, count, rows };
}

function readEntries(bytes: Uint8Array, count: number): IndexEntry[] {
  const entries = parse(new TextDecoder().decode(bytes));
  const isEntry = (entry: unknown) =>
    Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'object' && entry[1] !== null;
  if (!Array.isArray(entries) || entries.length !== count || !entries.every(isEntry))
    throw wrong('has other entries than its header says');
  return entries;
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {}
  throw wrong('is truncated, or has invalid JSON');
}

function isCount(value: unknown, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

function wrong(what: string): UnlabelError {
  return new UnlabelError('invalid_request', `The index file ${what}: export it again`, { field: 'index' });
}
