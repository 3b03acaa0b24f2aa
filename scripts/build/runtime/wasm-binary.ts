/** The binary format of WebAssembly, as far as the trimming of a module needs it. */

/** Numbers of sections. */
export const sections = {
  import: 2,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** What an export is. */
export const kinds = { function: 0, global: 3 } as const;

/** A module's sections in their order. */
export interface WasmBinary {
  id: number;
  body: Uint8Array;
}

const header = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** @throws Error for bytes of something else. */
export function readSections(bytes: Uint8Array): WasmBinary[] {
  if (!header.every((byte, i) => bytes[i] === byte)) throw new Error('This is not a WebAssembly module');
  const found: WasmBinary[] = [];
  for (let at = header.length; at < bytes.length; ) {
    const [length, start] = readNumber(bytes, at + 1);
    found.push({ id: bytes[at] as number, body: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

export function writeSections(list: readonly WasmBinary[]): Uint8Array<ArrayBuffer> {
  return join([header, ...list.flatMap(({ id, body }) => [Uint8Array.of(id), withLength(body)])]);
}

/** A section's body, and how to replace it. */
export function sectionOf(list: readonly WasmBinary[], id: number): WasmBinary {
  const section = list.find((candidate) => candidate.id === id);
  if (!section) throw new Error(`The module has no section ${id}`);
  return section;
}

/** Bodies of the functions of a code section: locals and instructions. */
export function readBodies(code: Uint8Array): Uint8Array[] {
  let [count, at] = readNumber(code, 0);
  const bodies: Uint8Array[] = [];
  for (; count > 0; count--) {
    const [length, start] = readNumber(code, at);
    bodies.push(code.subarray(start, start + length));
    at = start + length;
  }
  return bodies;
}

export function writeBodies(bodies: readonly Uint8Array[]): Uint8Array {
  return listOf(bodies.map(withLength));
}

/** The body of a section that is a list. */
export function listOf(entries: readonly Uint8Array[]): Uint8Array {
  return join([numberBytes(entries.length), ...entries]);
}

/** Where the instructions of a body begin, after its locals. */
export function instructionsOf(body: Uint8Array): number {
  let [groups, at] = readNumber(body, 0);
  for (; groups > 0; groups--) at = readNumber(body, at)[1] + 1;
  return at;
}

/** Appends entries to a section that is a list. */
export function append(section: WasmBinary, entries: readonly Uint8Array[]): void {
  const [count, start] = readNumber(section.body, 0);
  section.body = join([numberBytes(count + entries.length), section.body.subarray(start), ...entries]);
}

/** An entry of the export section. */
export function exportOf(name: string, kind: number, index: number): Uint8Array {
  return join([withLength(new TextEncoder().encode(name)), Uint8Array.of(kind), numberBytes(index)]);
}

/** The place of an exported function's body in the code section. */
export function exportedFunction(list: readonly WasmBinary[], name: string): number {
  const { body } = sectionOf(list, sections.export);
  let [count, at] = readNumber(body, 0);
  for (; count > 0; count--) {
    const [length, start] = readNumber(body, at);
    const [index, end] = readNumber(body, start + length + 1);
    const isFunction = body[start + length] === kinds.function;
    if (isFunction && new TextDecoder().decode(body.subarray(start, start + length)) === name)
      return index - importedFunctions(list);
    at = end;
  }
  throw new Error(`The module exports no function ${name}`);
}

/** How many functions a module imports: their numbers come first. Of other things it may import a memory, as the last. */
function importedFunctions(list: readonly WasmBinary[]): number {
  const { body } = sectionOf(list, sections.import);
  const [imports, first] = readNumber(body, 0);
  let at = first;
  for (let i = 0; i < imports; i++) {
    for (const _ of ['module', 'name']) {
      const [length, start] = readNumber(body, at);
      at = start + length;
    }
    if (body[at] !== 0) return i;
    at = readNumber(body, at + 1)[1];
  }
  return imports;
}

/** An unsigned LEB128 number, and where it ends. */
export function readNumber(bytes: Uint8Array, at: number): [value: number, end: number] {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at];
  }
}

export function numberBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Uint8Array.of(...bytes, value);
}

/** A signed LEB128 number of 32 bits. */
export function signedBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value | 0;
  for (; rest < -64 || rest > 63; rest >>= 7) bytes.push((rest & 127) | 128);
  return Uint8Array.of(...bytes, rest & 127);
}

function withLength(body: Uint8Array): Uint8Array {
  return join([numberBytes(body.length), body]);
}

export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
