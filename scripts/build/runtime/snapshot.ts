import { decodeVarint } from '../../../src/util/varint.ts';
import {
  exportedFunction,
  join,
  listOf,
  op,
  readBodies,
  readSections,
  type Section,
  sectionOf,
  sections,
  signedVarint,
  variable,
  varint,
  writeBodies,
  writeSections,
} from './wasm-binary.ts';

const [active, passive] = [0, 1];
/** Runs of zeros shorter than this are kept within a range, which costs a few bytes itself. */
const minGap = 16;

/** The state of an instance. */
export interface Snapshot {
  memory: Uint8Array;
  /** Values of its i32 globals; further ones are 0. */
  globals: readonly number[];
}

/**
 * Makes a module whose instances begin with the memory and globals of a started one.
 *
 * @param starters - exported functions that start an instance, and what each returns. They become empty but for that.
 */
export function resume(
  wasm: Uint8Array,
  { memory, globals }: Snapshot,
  starters: Record<string, number | undefined>,
): Uint8Array<ArrayBuffer> {
  const list = readSections(wasm);
  const code = sectionOf(list, sections.code);
  const bodies = readBodies(code.body);
  for (const [name, result] of Object.entries(starters))
    bodies[exportedFunction(list, name)] = Uint8Array.of(
      0,
      ...(result === undefined ? [] : constant(result)),
      op.end,
    );
  code.body = writeBodies(bodies);

  const variables = sectionOf(list, sections.global);
  variables.body = listOf(Array.from({ length: countOf(variables) }, (_, i) => variable(globals[i] ?? 0)));

  // Unreachable instructions still refer to the segments that the start function copied, so empty ones stay.
  const data = sectionOf(list, sections.data);
  const copied = Array.from({ length: countOf(data) }, () => Uint8Array.of(passive, 0));
  const segments = Array.from(filledRanges(memory), ([from, to]) =>
    join([Uint8Array.of(active, ...constant(from), op.end), varint(to - from), memory.subarray(from, to)]),
  );
  data.body = listOf([...copied, ...segments]);
  sectionOf(list, sections.dataCount).body = varint(countOf(data));
  return writeSections(list.filter(({ id }) => id !== sections.start));
}

const countOf = ({ body }: Section) => decodeVarint(body, 0)[0];
const constant = (value: number) => [op.i32Const, ...signedVarint(value)];

/** Ranges of a memory that hold more than zeros, by address; all begin and end at a multiple of 8. */
function* filledRanges(memory: Uint8Array): Generator<[from: number, to: number]> {
  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.length >> 2);
  let from: number | undefined;
  let to = 0;
  for (let i = 0; i < words.length; i += 2) {
    if (words[i] === 0 && words[i + 1] === 0) continue;
    if (from !== undefined && 4 * i - to > minGap) {
      yield [from, to];
      from = undefined;
    }
    from ??= 4 * i;
    to = 4 * i + 8;
  }
  if (from !== undefined) yield [from, to];
}
