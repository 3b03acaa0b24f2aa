import { encodeVarint } from '../../util/varint.ts';

/**
 * A WebAssembly module with one function, assembled here instruction by instruction:
 *
 *     scan(query, rows, out, count, stride)   // all i32; addresses and stride in bytes
 *
 * writes to `out` the dot products, as i32, of an i16 query with `count` i16 rows. Sixteen numbers are multiplied at a
 * time (`i32x4.dot_i16x8_s`, twice), so rows have a multiple of 32 bytes. The memory is imported.
 */

/** Numbers that one step of the loop multiplies. */
export const lanes = 16;

const i32 = 0x7f;
const v128 = 0x7b;
const [query, rows, out, count, stride, end, at, sumA, sumB, rowEnd] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
] as const;

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const constant = (value: number) => [0x41, value];
const add = [0x6a];
const multiply = [0x6c];
const isBelow = [0x49];
const isNotBelow = [0x4f];
const block = [0x02, 0x40];
const loop = [0x03, 0x40];
const branchIf = (depth: number) => [0x0d, depth];
const close = [0x0b];
const store = [0x36, 2, 0];
const loadVector = (offset: number) => [0xfd, 0x00, 4, offset];
const zeroVector = [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)];
const dotVector = [0xfd, 0xba, 0x01];
const addVector = [0xfd, 0xae, 0x01];
const lane = (index: number) => [0xfd, 0x1b, index];

/** `local += value`. */
const advance = (local: number, value: number[]) => [...get(local), ...value, ...add, ...set(local)];
/** `sum += dot(row[offset...], query[offset...])`, eight numbers. */
const accumulate = (sum: number, offset: number) => [
  ...get(sum),
  ...[...get(rows), ...loadVector(offset), ...get(at), ...loadVector(offset), ...dotVector],
  ...addVector,
  ...set(sum),
];
const step = constant(2 * lanes);

const body = [
  ...[...get(rows), ...get(count), ...get(stride), ...multiply, ...add, ...set(end)],
  ...block,
  ...[...get(rows), ...get(end), ...isNotBelow, ...branchIf(0)],
  ...loop,
  ...[...zeroVector, ...set(sumA), ...zeroVector, ...set(sumB)],
  ...[...get(query), ...set(at)],
  ...[...get(rows), ...get(stride), ...add, ...set(rowEnd)],
  ...loop,
  ...accumulate(sumA, 0),
  ...accumulate(sumB, lanes),
  ...advance(at, step),
  ...advance(rows, step),
  ...[...get(rows), ...get(rowEnd), ...isBelow, ...branchIf(0)],
  ...close,
  ...get(out),
  ...[...get(sumA), ...get(sumB), ...addVector, ...tee(sumA), ...lane(0)],
  ...[...get(sumA), ...lane(1), ...add, ...get(sumA), ...lane(2), ...add, ...get(sumA), ...lane(3), ...add],
  ...store,
  ...advance(out, constant(4)),
  ...[...get(rows), ...get(end), ...isBelow, ...branchIf(0)],
  ...close,
  ...close,
  ...close,
];

const name = (text: string) => [text.length, ...new TextEncoder().encode(text)];
const sized = (bytes: number[]) => [...encodeVarint(bytes.length), ...bytes];
const section = (id: number, ...bytes: number[]) => [id, ...sized(bytes)];
const locals = [3, 2, i32, 2, v128, 1, i32];

/** The module's bytes. */
export const scanModule = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...section(1, 1, 0x60, 5, i32, i32, i32, i32, i32, 0),
  ...section(2, 1, ...name('unlabel'), ...name('memory'), 0x02, 0x00, 1),
  ...section(3, 1, 0),
  ...section(7, 1, ...name('scan'), 0x00, 0),
  ...section(10, 1, ...sized([...locals, ...body])),
]);
