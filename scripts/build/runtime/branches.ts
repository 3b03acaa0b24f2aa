import { instructionsOf, join, numberBytes, readNumber, signedBytes } from './wasm-binary.ts';

const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
} as const;
const noResult = 0x40;

/** Ways to go on at a point of a function: each is noted, or cut, by its number. */
interface Instruction {
  opcode: number;
  start: number;
  end: number;
  /** Number of its first way; `if` and `else` have one, `br_if` has one, `br_table` has one a label. */
  way: number;
  ways: number;
}

/** Instructions that note which ways a function takes. */
export interface Notes {
  /** Notes a way. */
  take(way: number): Uint8Array;
  /** Move a number to and from a place of its own. */
  save: Uint8Array;
  load: Uint8Array;
}

/** A body that notes which of its ways it takes, and how many there are. */
export function noteWays(body: Uint8Array, notes: Notes): { body: Uint8Array; ways: number } {
  const { instructions, ways } = parse(body);
  const parts = [body.subarray(0, instructionsOf(body))];
  for (const { opcode, start, end, way, ways } of instructions) {
    const bytes = body.subarray(start, end);
    if (ways === 0) parts.push(bytes);
    else if (opcode === op.if || opcode === op.else) parts.push(bytes, notes.take(way));
    else if (opcode === op.brIf) {
      const [label] = readNumber(body, start + 1);
      parts.push(whether(join([notes.take(way), Uint8Array.of(op.br), numberBytes(label + 1)])));
    } else {
      parts.push(notes.save);
      for (let i = 0; i < ways; i++)
        parts.push(notes.load, isCase(i, i === ways - 1), whether(notes.take(way + i)));
      parts.push(notes.load, bytes);
    }
  }
  return { body: join(parts), ways };
}

/** A body whose ways end in a trap, but those that are to stay. */
export function cutWays(
  body: Uint8Array,
  stays: (way: number) => boolean,
  { save, load }: Pick<Notes, 'save' | 'load'>,
): Uint8Array {
  const { instructions } = parse(body);
  const parts = [body.subarray(0, instructionsOf(body))];
  const trap = Uint8Array.of(op.unreachable);
  /** Blocks that are open inside of a way that has been cut. */
  let cut: number | undefined;
  for (const { opcode, start, end, way, ways } of instructions) {
    if (cut !== undefined) {
      if (opcode === op.block || opcode === op.loop || opcode === op.if) cut++;
      else if (opcode === op.end && cut > 0) cut--;
      else if (cut === 0 && (opcode === op.end || opcode === op.else)) cut = undefined;
      if (cut !== undefined) continue;
    }
    const bytes = body.subarray(start, end);
    const goes = Array.from({ length: ways }, (_, i) => stays(way + i));
    if (goes.every((stay) => stay)) parts.push(bytes);
    else if (opcode === op.if || opcode === op.else) {
      parts.push(bytes, trap);
      cut = 0;
    } else if (opcode === op.brIf) parts.push(whether(trap));
    else {
      const labels = labelsOf(body, start).map((label, i) => numberBytes(goes[i] ? label + 1 : 0));
      const table = [Uint8Array.of(op.brTable), numberBytes(ways - 1), ...labels];
      parts.push(save, Uint8Array.of(op.block, noResult), load, ...table, Uint8Array.of(op.end), trap);
    }
  }
  return join(parts);
}

/** Does something if the number on the stack is not 0. */
function whether(instructions: Uint8Array): Uint8Array {
  return join([Uint8Array.of(op.if, noResult), instructions, Uint8Array.of(op.end)]);
}

/** Compares the number on the stack: is it this one, or for the last case, at least this one? */
function isCase(number: number, isLast: boolean): Uint8Array {
  const [i32Const, equal, atLeast] = [0x41, 0x46, 0x4f];
  return Uint8Array.of(i32Const, ...signedBytes(number), isLast ? atLeast : equal);
}

function parse(body: Uint8Array): { instructions: Instruction[]; ways: number } {
  const instructions: Instruction[] = [];
  /** Of each open block, whether a branch to it takes no values along. The function's own may. */
  const isPlain = [false];
  let next = 0;
  for (let start = instructionsOf(body); start < body.length; ) {
    const opcode = body[start] as number;
    const end = skip(body, start);
    let ways = 0;
    if (opcode === op.block || opcode === op.if) isPlain.push(body[start + 1] === noResult);
    else if (opcode === op.loop) isPlain.push((body[start + 1] as number) >= noResult);
    else if (opcode === op.end) isPlain.pop();
    if (opcode === op.if || opcode === op.else) ways = 1;
    else if (opcode === op.brIf || opcode === op.brTable) {
      const labels = labelsOf(body, start);
      if (labels.every((label) => isPlain.at(-1 - label))) ways = labels.length;
    }
    instructions.push({ opcode, start, end, way: next, ways });
    next += ways;
    start = end;
  }
  return { instructions, ways: next };
}

/** Labels of a `br_if` or `br_table`. */
function labelsOf(body: Uint8Array, start: number): number[] {
  let [count, at] = body[start] === op.brTable ? readNumber(body, start + 1) : [0, start + 1];
  const labels: number[] = [];
  for (; count >= 0; count--) {
    const [label, end] = readNumber(body, at);
    labels.push(label);
    at = end;
  }
  return labels;
}

/** Where the instruction after this one begins. */
function skip(body: Uint8Array, start: number): number {
  const opcode = body[start] as number;
  let at = start + 1;
  const numbers = (count: number) => {
    for (; count > 0; count--) at = readNumber(body, at)[1];
  };
  const number = () => {
    const [value, end] = readNumber(body, at);
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
