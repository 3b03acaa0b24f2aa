import { decodeVarint } from '../../../src/util/varint.ts';
import { cutBranches, type Recorder, recordBranches } from './branches.ts';
import {
  append,
  exportOf,
  instructionsOf,
  join,
  kinds,
  op,
  readBodies,
  readSections,
  type Section,
  sectionOf,
  sections,
  variable,
  varint,
  writeBodies,
  writeSections,
} from './wasm-binary.ts';

/** Bytes above which a function is also trimmed inside. There are few: one has a loop for every pair of types of a Cast. */
export const largeFunction = 256 * 1024;

/** What of a module has run. */
export interface Profile {
  /** By function. */
  functions: boolean[];
  /** By branch, of each large function. */
  branches: Map<number, boolean[]>;
}

/** Makes a module record what of it runs, in exported globals. */
export function instrument(wasm: Uint8Array): {
  wasm: Uint8Array<ArrayBuffer>;
  /** What has run since the last call. */
  profile(instance: WebAssembly.Instance): Profile;
  /** Values of the module's own globals. */
  globals(instance: WebAssembly.Instance): number[];
} {
  const list = readSections(wasm);
  const code = sectionOf(list, sections.code);
  const bodies = readBodies(code.body);
  const scratch = addScratchGlobal(list);
  const first = scratch.index + 1;
  let next = first + bodies.length;
  const branches = new Map<number, [start: number, count: number]>();
  code.body = writeBodies(
    bodies.map((original, i) => {
      let body = original;
      if (body.length > largeFunction) {
        const start = next;
        const recorded = recordBranches(body, { ...scratch, take: (branch) => setGlobal(start + branch) });
        branches.set(i, [start, recorded.branches]);
        body = recorded.body;
        next += recorded.branches;
      }
      const at = instructionsOf(body);
      return join([body.subarray(0, at), setGlobal(first + i), body.subarray(at)]);
    }),
  );
  append(
    sectionOf(list, sections.global),
    Array.from({ length: next - first }, () => variable(0)),
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
        branches: new Map(Array.from(branches, ([i, range]) => [i, flagsOf(...range)])),
      };
    },
    globals: (instance) => globalsOf(instance, 0, scratch.index).map(({ value }) => value),
  };
}

/** Replaces all code that has not run by traps. */
export function trim(wasm: Uint8Array, { functions, branches }: Profile): Uint8Array<ArrayBuffer> {
  const list = readSections(wasm);
  const code = sectionOf(list, sections.code);
  const scratch = addScratchGlobal(list);
  const trap = Uint8Array.of(0, op.unreachable, op.end);
  code.body = writeBodies(
    readBodies(code.body).map((body, i) => {
      if (!functions[i]) return trap;
      const taken = branches.get(i);
      return taken ? cutBranches(body, (branch) => taken[branch] === true, scratch) : body;
    }),
  );
  return writeSections(list);
}

const nameOf = (index: number) => `global${index}`;
const setGlobal = (index: number) => Uint8Array.of(op.i32Const, 1, op.globalSet, ...varint(index));

/** Adds a global that holds a number for a moment. */
function addScratchGlobal(list: Section[]): { index: number } & Pick<Recorder, 'save' | 'load'> {
  const globals = sectionOf(list, sections.global);
  const [index] = decodeVarint(globals.body, 0);
  append(globals, [variable(0)]);
  return {
    index,
    save: Uint8Array.of(op.globalSet, ...varint(index)),
    load: Uint8Array.of(op.globalGet, ...varint(index)),
  };
}

/**
 * Makes a module's memory, its last import, unshared.
 *
 * @throws Error when its type is not the shared one of onnxruntime-web.
 */
export function unshare(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const list = readSections(wasm);
  const imports = sectionOf(list, sections.import);
  // Kind: memory. Flags: shared, with a maximum. Limits, in pages: 16 MiB and 4 GiB.
  const shared = [2, 3, 0x80, 2, 0x80, 0x80, 4];
  const at = imports.body.length - shared.length;
  if (!shared.every((byte, i) => imports.body[at + i] === byte))
    throw new Error(
      'Expected onnxruntime-web to import a shared memory of 16 MiB to 4 GiB: adapt trim.ts to this version',
    );
  imports.body = Uint8Array.from(imports.body);
  imports.body[at + 1] = 1;
  return writeSections(list);
}
