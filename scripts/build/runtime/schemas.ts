import { decodeVarint } from '../../../src/util/varint.ts';
import { largeFunction } from './trim.ts';
import {
  append,
  exportOf,
  functionType,
  instructionsOf,
  join,
  kinds,
  op,
  readBodies,
  readSections,
  type Section,
  sectionOf,
  sections,
  skip,
  variable,
  varint,
  writeBodies,
  writeSections,
} from './wasm-binary.ts';

/**
 * The schemas of operators: onnxruntime-web describes 770 to itself at each start, in one function of 0.9 MB, and our
 * networks have two dozen. Each is made, given to a callback and destroyed by a part of that function, one after the other;
 * the parts of others can be cut out.
 */

/** The part of a body that makes, registers and destroys one schema. */
interface Part {
  start: number;
  end: number;
  /** Position of the call of the callback, and the local that points to the schema then. */
  callback: number;
  schema: number;
  /** Whether all that it leaves behind are locals: it begins as most do, and closes what it opens. */
  isCuttable: boolean;
  /** Parts that set locals that it reads. */
  needs: Set<number>;
}

/** Where a module registers its schemas. */
interface Registration {
  /** Index of the function's body. */
  index: number;
  body: Uint8Array;
  parts: Part[];
  /** Parts that set locals that the rest of the body reads. */
  rest: Set<number>;
}

/** Makes a module record the name of each schema that it registers. */
export function recordSchemas(wasm: Uint8Array): {
  wasm: Uint8Array<ArrayBuffer>;
  /** Names of the registered schemas, once the module has started: the operator of each part. */
  names(instance: WebAssembly.Instance, memory: WebAssembly.Memory): string[];
} {
  const list = readSections(wasm);
  const { index, body, parts } = registrationOf(list);
  const globals = sectionOf(list, sections.global);
  const [first] = decodeVarint(globals.body, 0);
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const [i, { callback, schema }] of parts.entries()) {
    pieces.push(body.subarray(at, callback));
    // The name, a std::string, is the first member.
    for (let word = 0; word < 3; word++)
      pieces.push(
        Uint8Array.of(op.localGet, ...varint(schema), op.i32Load, 2, 4 * word),
        Uint8Array.of(op.globalSet, ...varint(first + 3 * i + word)),
      );
    at = callback;
  }
  replaceBody(list, index, join([...pieces, body.subarray(at)]));
  const numbers = Array.from({ length: 3 * parts.length }, (_, i) => i);
  append(
    globals,
    numbers.map(() => variable(0)),
  );
  append(
    sectionOf(list, sections.export),
    numbers.map((i) => exportOf(`schema${i}`, kinds.global, first + i)),
  );
  return {
    wasm: writeSections(list),
    names({ exports }, memory) {
      const word = (i: number) => (exports[`schema${i}`] as WebAssembly.Global<'i32'>).value;
      return parts.map((_, i) => {
        const name = textOf(Int32Array.of(word(3 * i), word(3 * i + 1), word(3 * i + 2)), memory);
        if (name === '') throw new Error('A schema was not registered at the start: adapt schemas.ts');
        return name;
      });
    },
  };
}

/** Cuts out the schemas that are not wanted, but for those whose locals a later part reads: these stay unregistered. */
export function cutSchemas(wasm: Uint8Array, isWanted: readonly boolean[]): Uint8Array<ArrayBuffer> {
  const list = readSections(wasm);
  const { index, body, parts, rest } = registrationOf(list);
  const stays = parts.map(({ isCuttable }, i) => isWanted[i] || !isCuttable || rest.has(i));
  const keepNeeds = (part: number) => {
    for (const needed of parts[part]?.needs ?? [])
      if (!stays[needed]) {
        stays[needed] = true;
        keepNeeds(needed);
      }
  };
  for (const [i, keeps] of stays.entries()) if (keeps) keepNeeds(i);
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const [i, { start, end, callback }] of parts.entries()) {
    pieces.push(body.subarray(at, stays[i] ? (isWanted[i] ? end : callback) : start));
    if (stays[i] && !isWanted[i]) {
      // The callback's address, its object and the schema are on the stack.
      pieces.push(Uint8Array.of(op.drop, op.drop, op.drop), body.subarray(skip(body, callback), end));
    }
    at = end;
  }
  replaceBody(list, index, join([...pieces, body.subarray(at)]));
  return writeSections(list);
}

/** Finds the function that registers the schemas. */
function registrationOf(list: Section[]): Registration {
  const type = functionType(list, 2, 0);
  const found = readBodies(sectionOf(list, sections.code).body)
    .map((body, index) => ({ index, body }))
    .filter(({ body }) => body.length > largeFunction)
    .map(({ index, body }) => ({ index, body, ...partsOf(body, type) }))
    .filter(({ parts }) => parts.length > 100);
  const [registration] = found;
  if (!registration || found.length > 1)
    throw new Error(
      'Expected onnxruntime-web to register its schemas in one function: adapt schemas.ts to this version',
    );
  return registration;
}

/** @param type - index of the callback's type. */
function partsOf(body: Uint8Array, type: number): Pick<Registration, 'parts' | 'rest'> {
  const steps: number[] = [];
  for (let at = instructionsOf(body); at < body.length; at = skip(body, at)) steps.push(at);
  const is = (i: number, opcode: number) => body[steps[i] as number] === opcode;
  const operand = (i: number) => decodeVarint(body, (steps[i] as number) + 1)[0];

  const parts: Part[] = [];
  /** Open blocks, outermost first, by the number of the instruction. */
  const open: number[] = [];
  /** By local, the parts that may have set what it holds, and the blocks in which they did. */
  const setters = new Map<number, { part: number; blocks: number[] }[]>();
  const isInside = (blocks: number[], outer: number[]) => outer.every((block, i) => blocks[i] === block);
  let [first, depth] = [0, 0];
  let balanced = true;
  let needs = new Set<number>();
  for (let i = 0; i < steps.length; i++) {
    const opcode = body[steps[i] as number] as number;
    if (opcode >= op.block && opcode <= op.if) open.push(i);
    else if (opcode === op.else) open[open.length - 1] = i;
    else if (opcode === op.end) open.pop();
    else if (opcode === op.localGet) {
      for (const { part, blocks } of (setters.get(operand(i)) ?? []).toReversed()) {
        needs.add(part);
        if (isInside(open, blocks)) break;
      }
    } else if (opcode === op.localSet || opcode === op.localTee) {
      const others = (setters.get(operand(i)) ?? []).filter(({ blocks }) => !isInside(blocks, open));
      setters.set(operand(i), [...others, { part: parts.length, blocks: [...open] }]);
    }
    balanced &&= open.length >= depth;
    // Calls the callback, and destroys the schema.
    const callback = i - 3;
    const ends =
      is(callback, op.callIndirect) &&
      operand(callback) === type &&
      is(i - 2, op.localGet) &&
      is(i - 1, op.call) &&
      opcode === op.drop;
    if (!ends) continue;
    parts.push({
      start: steps[first] as number,
      end: skip(body, steps[i] as number),
      callback: steps[callback] as number,
      schema: operand(i - 2),
      isCuttable: balanced && open.length === depth,
      needs,
    });
    [first, depth, balanced, needs] = [i + 1, open.length, true, new Set()];
  }
  // Some also replace the callback. Only those that begin as most do, with the same member of a new schema, do not.
  const beginning = ({ start }: Part) => {
    const second = skip(body, start);
    return body.subarray(second, skip(body, second) + 1).join();
  };
  const beginnings = new Map<string, number>();
  for (const part of parts) beginnings.set(beginning(part), (beginnings.get(beginning(part)) ?? 0) + 1);
  const usual = [...beginnings].toSorted((a, b) => b[1] - a[1])[0]?.[0];
  const isUsual = (part: Part) => beginning(part) === usual;
  return {
    parts: parts.map((part) => ({ ...part, isCuttable: part.isCuttable && isUsual(part) })),
    rest: needs,
  };
}

function replaceBody(list: Section[], index: number, body: Uint8Array) {
  const code = sectionOf(list, sections.code);
  code.body = writeBodies(readBodies(code.body).map((other, i) => (i === index ? body : other)));
}

/** The text of a std::string: short ones are within its three words, the last byte their length; long ones elsewhere. */
function textOf(words: Int32Array, memory: WebAssembly.Memory): string {
  const bytes = new Uint8Array(words.buffer);
  const length = bytes[11] as number;
  if (length < 128) return Buffer.from(bytes.subarray(0, length)).toString('latin1');
  const [address = 0, size = 0] = new Uint32Array(words.buffer);
  return Buffer.from(memory.buffer, address, size).toString('latin1');
}
