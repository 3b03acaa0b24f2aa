/** The binary format of WebAssembly, as far as the trimming of a module needs it. */

/** Numbers of sections. */
export const sections = { import: 2, global: 6, export: 7, code: 10 } as const;

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
  return join([numberBytes(bodies.length), ...bodies.map(withLength)]);
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
