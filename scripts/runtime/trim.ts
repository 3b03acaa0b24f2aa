import {
  append,
  instructionsOf,
  join,
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

const [i32, mutable, i32Const, globalSet, unreachable, end] = [0x7f, 1, 0x41, 0x24, 0x00, 0x0b];

/** A module that notes which of its functions run: each sets an exported global, `ran0`, `ran1`, ... to 1. */
export function instrument(wasm: Uint8Array): { wasm: Uint8Array<ArrayBuffer>; functions: number } {
  const list = unshare(readSections(wasm));
  const code = sectionOf(list, sections.code);
  const globals = sectionOf(list, sections.global);
  const [first] = readNumber(globals.body, 0);
  const bodies = readBodies(code.body);
  append(
    globals,
    bodies.map(() => Uint8Array.of(i32, mutable, i32Const, 0, end)),
  );
  append(
    sectionOf(list, sections.export),
    bodies.map((_, i) => {
      const name = new TextEncoder().encode(`ran${i}`);
      return join([numberBytes(name.length), name, Uint8Array.of(3), numberBytes(first + i)]);
    }),
  );
  code.body = writeBodies(
    bodies.map((body, i) => {
      const start = instructionsOf(body);
      const note = Uint8Array.of(i32Const, 1, globalSet, ...numberBytes(first + i));
      return join([body.subarray(0, start), note, body.subarray(start)]);
    }),
  );
  return { wasm: writeSections(list), functions: bodies.length };
}

/** The functions of an {@link instrument}ed module that have run. */
export function whatRan(instance: WebAssembly.Instance, functions: number): number[] {
  const ran = (i: number) => (instance.exports[`ran${i}`] as WebAssembly.Global).value === 1;
  return Array.from({ length: functions }, (_, i) => i).filter(ran);
}

/** A module in which all functions but those to keep end at once in a trap. */
export function trim(wasm: Uint8Array, kept: readonly number[]): Uint8Array<ArrayBuffer> {
  const list = unshare(readSections(wasm));
  const code = sectionOf(list, sections.code);
  const keep = new Set(kept);
  const trap = Uint8Array.of(0, unreachable, end);
  code.body = writeBodies(readBodies(code.body).map((body, i) => (keep.has(i) ? body : trap)));
  return writeSections(list);
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
  imports.body = imports.body.slice();
  imports.body[at + 1] = 1;
  return list;
}
