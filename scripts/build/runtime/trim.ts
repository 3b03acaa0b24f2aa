import { cutWays, type Notes, noteWays } from './branches.ts';
import {
  append,
  exportOf,
  instructionsOf,
  join,
  kinds,
  numberBytes,
  readBodies,
  readNumber,
  readSections,
  sectionOf,
  sections,
  type WasmBinary,
  writeBodies,
  writeSections,
} from './wasm-binary.ts';

const [i32, mutable, i32Const, globalGet, globalSet, end] = [0x7f, 1, 0x41, 0x23, 0x24, 0x0b];

/**
 * Functions of more bytes are trimmed inside, too. They are few, and a third of what is kept: one registers all
 * operators there are, one has a loop for every pair of types that a Cast may be between.
 */
const largeFunction = 256 * 1024;

/** What of a module has run: of each function whether, and of a large one which of its ways. */
export interface Profile {
  functions: boolean[];
  ways: Map<number, boolean[]>;
}

/** A module that notes what of it runs, in exported globals. */
export function instrument(wasm: Uint8Array): {
  wasm: Uint8Array<ArrayBuffer>;
  /** What has run since this was last asked. */
  profile(instance: WebAssembly.Instance): Profile;
  /** Values of the module's own globals. */
  globals(instance: WebAssembly.Instance): number[];
} {
  const list = unshare(readSections(wasm));
  const code = sectionOf(list, sections.code);
  const bodies = readBodies(code.body);
  const place = globalPlace(list);
  const first = place.index + 1;
  let next = first + bodies.length;
  const ways = new Map<number, [start: number, count: number]>();
  code.body = writeBodies(
    bodies.map((original, i) => {
      let body = original;
      if (body.length > largeFunction) {
        const start = next;
        const noted = noteWays(body, { ...place, take: (way) => setGlobal(start + way) });
        ways.set(i, [start, noted.ways]);
        body = noted.body;
        next += noted.ways;
      }
      const at = instructionsOf(body);
      return join([body.subarray(0, at), setGlobal(first + i), body.subarray(at)]);
    }),
  );
  append(
    sectionOf(list, sections.global),
    Array.from({ length: next - first }, () => zero),
  );
  append(
    sectionOf(list, sections.export),
    Array.from({ length: next }, (_, index) => exportOf(nameOf(index), kinds.global, index)),
  );
  const globalsOf = ({ exports }: WebAssembly.Instance, start: number, count: number) =>
    Array.from({ length: count }, (_, i) => exports[nameOf(start + i)] as WebAssembly.Global<'i32'>);
  return {
    wasm: writeSections(list),
    profile(instance) {
      const flagsOf = (start: number, count: number) =>
        globalsOf(instance, start, count).map((flag) => {
          const ran = flag.value === 1;
          flag.value = 0;
          return ran;
        });
      return {
        functions: flagsOf(first, bodies.length),
        ways: new Map(Array.from(ways, ([i, range]) => [i, flagsOf(...range)])),
      };
    },
    globals: (instance) => globalsOf(instance, 0, place.index).map(({ value }) => value),
  };
}

/** What has run in either of two times. */
export function either(a: Profile, b: Profile): Profile {
  const or = (flags: boolean[], others: boolean[] = []) => flags.map((flag, i) => flag || others[i] === true);
  return {
    functions: or(a.functions, b.functions),
    ways: new Map(Array.from(a.ways, ([i, flags]) => [i, or(flags, b.ways.get(i))])),
  };
}

/** A module in which all that has not run ends in a trap. */
export function trim(wasm: Uint8Array, { functions, ways }: Profile): Uint8Array<ArrayBuffer> {
  const list = unshare(readSections(wasm));
  const code = sectionOf(list, sections.code);
  const place = globalPlace(list);
  const trap = Uint8Array.of(0, 0, end);
  code.body = writeBodies(
    readBodies(code.body).map((body, i) => {
      if (!functions[i]) return trap;
      const taken = ways.get(i);
      return taken ? cutWays(body, (way) => taken[way] === true, place) : body;
    }),
  );
  return writeSections(list);
}

const zero = Uint8Array.of(i32, mutable, i32Const, 0, end);
const nameOf = (index: number) => `global${index}`;
const setGlobal = (index: number) => Uint8Array.of(i32Const, 1, globalSet, ...numberBytes(index));

/** Adds a global to move a number to and from. */
function globalPlace(list: WasmBinary[]): { index: number } & Pick<Notes, 'save' | 'load'> {
  const globals = sectionOf(list, sections.global);
  const [index] = readNumber(globals.body, 0);
  append(globals, [zero]);
  return {
    index,
    save: Uint8Array.of(globalSet, ...numberBytes(index)),
    load: Uint8Array.of(globalGet, ...numberBytes(index)),
  };
}

/**
 * Makes the module's memory, its last import, one of a single thread.
 * @throws Error where it is not shared.
 */
function unshare(list: WasmBinary[]): WasmBinary[] {
  const imports = sectionOf(list, sections.import);
  // Kind memory, limits with a maximum and shared, and the two limits: 16 MiB and 4 GiB in pages.
  const shared = [2, 3, 0x80, 2, 0x80, 0x80, 4];
  const at = imports.body.length - shared.length;
  if (!shared.every((byte, i) => imports.body[at + i] === byte))
    throw new Error('The memory of onnxruntime-web is not the shared one that is known');
  imports.body = Uint8Array.from(imports.body);
  imports.body[at + 1] = 1;
  return list;
}
