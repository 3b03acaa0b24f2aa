/** Reads and writes WebAssembly's binary format, as far as trimming a module needs it. */
import { decodeVarint, encodeVarint } from '../../../src/util/varint.ts';

/** Section ids. */
export const sections = {
  type: 1,
  import: 2,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** Kinds of exports. */
export const kinds = { function: 0, global: 3 } as const;

/** Opcodes. */
export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Load: 0x28,
  i32Const: 0x41,
  i32Eq: 0x46,
  i32GeU: 0x4f,
} as const;

/** A section of a module. */
export interface Section {
  id: number;
  body: Uint8Array;
}

const header = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** @throws Error when the bytes are not a WebAssembly module. */
export function readSections(bytes: Uint8Array): Section[] {
  if (!header.every((byte, i) => bytes[i] === byte))
    throw new Error('Expected a WebAssembly module, got other bytes');
  const found: Section[] = [];
  for (let at = header.length; at < bytes.length; ) {
    const [length, start] = decodeVarint(bytes, at + 1);
    found.push({ id: bytes[at] as number, body: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

export function writeSections(list: readonly Section[]): Uint8Array<ArrayBuffer> {
  return join([header, ...list.flatMap(({ id, body }) => [Uint8Array.of(id), withLength(body)])]);
}

/** The section of an id; assigning to its body replaces it. */
export function sectionOf(list: readonly Section[], id: number): Section {
  const section = list.find((candidate) => candidate.id === id);
  if (!section) throw new Error(`The module has no section ${id}`);
  return section;
}

/** Function bodies of a code section: locals and instructions. */
export function readBodies(code: Uint8Array): Uint8Array[] {
  let [count, at] = decodeVarint(code, 0);
  const bodies: Uint8Array[] = [];
  for (; count > 0; count--) {
    const [length, start] = decodeVarint(code, at);
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
  return join([varint(entries.length), ...entries]);
}

/** Position of the first instruction of a body, after its locals. */
export function instructionsOf(body: Uint8Array): number {
  let [groups, at] = decodeVarint(body, 0);
  for (; groups > 0; groups--) at = decodeVarint(body, at)[1] + 1;
  return at;
}

/** Appends entries to a section that is a list. */
export function append(section: Section, entries: readonly Uint8Array[]): void {
  const [count, start] = decodeVarint(section.body, 0);
  section.body = join([varint(count + entries.length), section.body.subarray(start), ...entries]);
}

/** An entry of the export section. */
export function exportOf(name: string, kind: number, index: number): Uint8Array {
  return join([withLength(new TextEncoder().encode(name)), Uint8Array.of(kind), varint(index)]);
}

/** Index of an exported function's body in the code section. */
export function exportedFunction(list: readonly Section[], name: string): number {
  const { body } = sectionOf(list, sections.export);
  let [count, at] = decodeVarint(body, 0);
  for (; count > 0; count--) {
    const [length, start] = decodeVarint(body, at);
    const [index, end] = decodeVarint(body, start + length + 1);
    const isFunction = body[start + length] === kinds.function;
    if (isFunction && new TextDecoder().decode(body.subarray(start, start + length)) === name)
      return index - importedFunctions(list);
    at = end;
  }
  throw new Error(`The module exports no function ${name}`);
}

/** How many functions a module imports; they have the first indices. A memory may follow them, nothing else. */
function importedFunctions(list: readonly Section[]): number {
  const { body } = sectionOf(list, sections.import);
  const [imports, first] = decodeVarint(body, 0);
  let at = first;
  for (let i = 0; i < imports; i++) {
    for (const _ of ['module', 'name']) {
      const [length, start] = decodeVarint(body, at);
      at = start + length;
    }
    if (body[at] !== 0) return i;
    at = decodeVarint(body, at + 1)[1];
  }
  return imports;
}

/** Index of the type of functions with so many i32 parameters and results. */
export function functionType(list: readonly Section[], parameters: number, results: number): number {
  const { body } = sectionOf(list, sections.type);
  const wanted = [0x60, parameters, ...Array(parameters).fill(0x7f), results, ...Array(results).fill(0x7f)];
  let [count, at] = decodeVarint(body, 0);
  for (let index = 0; count > 0; count--, index++) {
    if (wanted.every((byte, i) => body[at + i] === byte)) return index;
    at += 1;
    for (const _ of ['parameters', 'results']) {
      const [length, start] = decodeVarint(body, at);
      at = start + length;
    }
  }
  throw new Error(`The module has no function type of ${parameters} parameters and ${results} results`);
}

/** Position of the next instruction. */
export function skip(body: Uint8Array, start: number): number {
  const opcode = body[start] as number;
  let at = start + 1;
  const numbers = (count: number) => {
    for (; count > 0; count--) at = decodeVarint(body, at)[1];
  };
  const number = () => {
    const [value, end] = decodeVarint(body, at);
    at = end;
    return value;
  };
  if (opcode === op.brTable) numbers(number() + 1);
  else if (opcode === 0x11 || (opcode >= 0x28 && opcode <= 0x3e)) numbers(2);
  else if (opcode === 0x1c) numbers(number());
  else if (
    (opcode >= op.block && opcode <= op.if) ||
    opcode === op.br ||
    opcode === op.brIf ||
    opcode === 0x10 ||
    (opcode >= 0x20 && opcode <= 0x26) ||
    (opcode >= 0x3f && opcode <= 0x42) ||
    opcode === 0xd0 ||
    opcode === 0xd2
  )
    numbers(1);
  else if (opcode === 0x43) at += 4;
  else if (opcode === 0x44) at += 8;
  else if (opcode === 0xfc) {
    const extended = number();
    numbers([8, 10, 12, 14].includes(extended) ? 2 : extended > 8 ? 1 : 0);
  } else if (opcode === 0xfd) {
    const vector = number();
    if (vector <= 11 || (vector >= 84 && vector <= 93)) numbers(2);
    if (vector === 12 || vector === 13) at += 16;
    else if ((vector >= 21 && vector <= 34) || (vector >= 84 && vector <= 91)) at++;
  } else if (opcode === 0xfe) {
    if (number() === 3) at++;
    else numbers(2);
  }
  return at;
}

/** An entry of the global section: an i32 that may change. */
export function variable(value: number): Uint8Array {
  return Uint8Array.of(0x7f, 1, op.i32Const, ...signedVarint(value), op.end);
}

/** An unsigned LEB128 number. */
export function varint(value: number): Uint8Array {
  return Uint8Array.from(encodeVarint(value));
}

/** A signed LEB128 number of 32 bits. */
export function signedVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value | 0;
  for (; rest < -64 || rest > 63; rest >>= 7) bytes.push((rest & 127) | 128);
  return Uint8Array.of(...bytes, rest & 127);
}

function withLength(body: Uint8Array): Uint8Array {
  return join([varint(body.length), body]);
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
