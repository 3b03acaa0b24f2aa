import {
  exportedFunction,
  join,
  listOf,
  numberBytes,
  readBodies,
  readNumber,
  readSections,
  sectionOf,
  sections,
  signedBytes,
  type WasmBinary,
  writeBodies,
  writeSections,
} from './wasm-binary.ts';

const [i32, mutable, i32Const, end] = [0x7f, 1, 0x41, 0x0b];
const [active, passive] = [0, 1];
/** Zeros that are worth the few bytes of another segment. */
const gap = 16;

/** What an instance holds. */
export interface Snapshot {
  memory: Uint8Array;
  /** Values of the globals, all of 32 bits; those after them are 0. */
  globals: readonly number[];
}

/**
 * A module whose instances begin where a started one was: with its memory and globals, and without what starts them.
 *
 * @param starters - names of the exported functions that start an instance, and the number that each returns, if one does:
 *   it is all that they are left to do.
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
      end,
    );
  code.body = writeBodies(bodies);

  const variables = sectionOf(list, sections.global);
  variables.body = listOf(
    Array.from({ length: countOf(variables) }, (_, i) =>
      Uint8Array.of(i32, mutable, ...constant(globals[i] ?? 0), end),
    ),
  );

  // The segments that the start function copied; instructions that nobody reaches now name them still.
  const data = sectionOf(list, sections.data);
  const copied = Array.from({ length: countOf(data) }, () => Uint8Array.of(passive, 0));
  const segments = Array.from(filled(memory), ([from, to]) =>
    join([Uint8Array.of(active, ...constant(from), end), numberBytes(to - from), memory.subarray(from, to)]),
  );
  data.body = listOf([...copied, ...segments]);
  sectionOf(list, sections.dataCount).body = numberBytes(countOf(data));
  return writeSections(list.filter(({ id }) => id !== sections.start));
}

/** The parts of a memory that are not zeros. */
function* filled(memory: Uint8Array): Generator<[from: number, to: number]> {
  const words = new BigUint64Array(memory.buffer, memory.byteOffset, memory.length >> 3);
  let from: number | undefined;
  let last = 0;
  for (let i = 0; i < words.length; i++) {
    if (words[i] === 0n) continue;
    if (from !== undefined && 8 * (i - last) > gap) {
      yield [from, 8 * last];
      from = undefined;
    }
    from ??= 8 * i;
    last = i + 1;
  }
  if (from !== undefined) yield [from, 8 * last];
}

const countOf = ({ body }: WasmBinary) => readNumber(body, 0)[0];
const constant = (value: number) => [i32Const, ...signedBytes(value)];
