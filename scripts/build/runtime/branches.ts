import { decodeVarint } from '../../../src/util/varint.ts';
import { instructionsOf, join, op, signedVarint, skip, varint } from './wasm-binary.ts';

const noResult = 0x40;

/** One instruction of a function. Branches are numbered through the function: each is recorded, or cut, by its number. */
interface Instruction {
  opcode: number;
  start: number;
  end: number;
  /** Number of its first branch. */
  branch: number;
  /** How many it has: `if`, `else` and `br_if` one, `br_table` one per label. */
  branches: number;
}

/** Instructions that record which branches a function takes. */
export interface Recorder {
  /** Records that a branch is taken. */
  take(branch: number): Uint8Array;
  /** Pops the number on the stack into a scratch global. */
  save: Uint8Array;
  /** Pushes it back. */
  load: Uint8Array;
}

/** Makes a body record which branches it takes, and counts them. */
export function recordBranches(body: Uint8Array, recorder: Recorder): { body: Uint8Array; branches: number } {
  const { instructions, branches } = parse(body);
  const parts = [body.subarray(0, instructionsOf(body))];
  for (const { opcode, start, end, branch, branches } of instructions) {
    const bytes = body.subarray(start, end);
    if (branches === 0) parts.push(bytes);
    else if (opcode === op.if || opcode === op.else) parts.push(bytes, recorder.take(branch));
    else if (opcode === op.brIf) {
      const [label] = decodeVarint(body, start + 1);
      parts.push(ifThen(join([recorder.take(branch), Uint8Array.of(op.br), varint(label + 1)])));
    } else {
      parts.push(recorder.save);
      for (let i = 0; i < branches; i++)
        parts.push(recorder.load, isCase(i, i === branches - 1), ifThen(recorder.take(branch + i)));
      parts.push(recorder.load, bytes);
    }
  }
  return { body: join(parts), branches };
}

/** Replaces every branch that is not kept by a trap. */
export function cutBranches(
  body: Uint8Array,
  isKept: (branch: number) => boolean,
  { save, load }: Pick<Recorder, 'save' | 'load'>,
): Uint8Array {
  const { instructions } = parse(body);
  const parts = [body.subarray(0, instructionsOf(body))];
  const trap = Uint8Array.of(op.unreachable);
  /** Open blocks inside the branch that is being cut; undefined outside of one. */
  let cut: number | undefined;
  for (const { opcode, start, end, branch, branches } of instructions) {
    if (cut !== undefined) {
      if (opcode === op.block || opcode === op.loop || opcode === op.if) cut++;
      else if (opcode === op.end && cut > 0) cut--;
      else if (cut === 0 && (opcode === op.end || opcode === op.else)) cut = undefined;
      if (cut !== undefined) continue;
    }
    const bytes = body.subarray(start, end);
    const kept = Array.from({ length: branches }, (_, i) => isKept(branch + i));
    if (kept.every((keep) => keep)) parts.push(bytes);
    else if (opcode === op.if || opcode === op.else) {
      parts.push(bytes, trap);
      cut = 0;
    } else if (opcode === op.brIf) parts.push(ifThen(trap));
    else {
      const labels = labelsOf(body, start).map((label, i) => varint(kept[i] ? label + 1 : 0));
      const table = [Uint8Array.of(op.brTable), varint(branches - 1), ...labels];
      parts.push(save, Uint8Array.of(op.block, noResult), load, ...table, Uint8Array.of(op.end), trap);
    }
  }
  return join(parts);
}

/** Runs instructions if the number on the stack is not 0. */
function ifThen(instructions: Uint8Array): Uint8Array {
  return join([Uint8Array.of(op.if, noResult), instructions, Uint8Array.of(op.end)]);
}

/** Compares the number on the stack with a case of `br_table`: equal, or for the last case at least. */
function isCase(number: number, isLast: boolean): Uint8Array {
  return Uint8Array.of(op.i32Const, ...signedVarint(number), isLast ? op.i32GeU : op.i32Eq);
}

function parse(body: Uint8Array): { instructions: Instruction[]; branches: number } {
  const instructions: Instruction[] = [];
  /** Whether a branch to each open block carries no values. A branch out of the function may carry some. */
  const isPlain = [false];
  let next = 0;
  for (let start = instructionsOf(body); start < body.length; ) {
    const opcode = body[start] as number;
    const end = skip(body, start);
    let branches = 0;
    if (opcode === op.block || opcode === op.if) isPlain.push(body[start + 1] === noResult);
    else if (opcode === op.loop) isPlain.push((body[start + 1] as number) >= noResult);
    else if (opcode === op.end) isPlain.pop();
    if (opcode === op.if || opcode === op.else) branches = 1;
    else if (opcode === op.brIf || opcode === op.brTable) {
      const labels = labelsOf(body, start);
      if (labels.every((label) => isPlain.at(-1 - label))) branches = labels.length;
    }
    instructions.push({ opcode, start, end, branch: next, branches });
    next += branches;
    start = end;
  }
  return { instructions, branches: next };
}

/** Labels of a `br_if` or `br_table`. */
function labelsOf(body: Uint8Array, start: number): number[] {
  let [count, at] = body[start] === op.brTable ? decodeVarint(body, start + 1) : [0, start + 1];
  const labels: number[] = [];
  for (; count >= 0; count--) {
    const [label, end] = decodeVarint(body, at);
    labels.push(label);
    at = end;
  }
  return labels;
}
