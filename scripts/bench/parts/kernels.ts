import { setTimeout as sleep } from 'node:timers/promises';
import binaryen from 'binaryen';

/** A micro-kernel: the inner loop of a matrix product. */
interface Kernel {
  /** Multiply-accumulates per step. */
  operations: number;
  /** WebAssembly text of one step: adds the product of two operands to a sum. */
  step(sum: string, a: string, b: string): string;
}

/** The instructions with which WebAssembly multiplies and accumulates. */
export const kernels: Record<string, Kernel> = {
  'int16 pairs (`i32x4.dot_i16x8_s`)': {
    operations: 8,
    step: (sum, a, b) => `(i32x4.add ${sum} (i32x4.dot_i16x8_s ${a} ${b}))`,
  },
  'float32 (`f32x4.mul`, `f32x4.add`)': {
    operations: 4,
    step: (sum, a, b) => `(f32x4.add ${sum} (f32x4.mul ${a} ${b}))`,
  },
  'relaxed SIMD, int8 (`i32x4.relaxed_dot_i8x16_i7x16_add_s`)': {
    operations: 16,
    step: (sum, a, b) => `(i32x4.relaxed_dot_i8x16_i7x16_add_s ${a} ${b} ${sum})`,
  },
  'relaxed SIMD, float32 (`f32x4.relaxed_madd`)': {
    operations: 4,
    step: (sum, a, b) => `(f32x4.relaxed_madd ${a} ${b} ${sum})`,
  },
};

const turns = 100_000;

/** Rows and columns per turn. Which shape is fastest depends on how the engine allocates registers. */
const shapes = [
  [2, 4],
  [3, 3],
] as const;

/**
 * Compiles a kernel to a function that runs it about a million times, and returns the milliseconds per multiply-accumulate of
 * its fastest shape.
 */
export async function compileKernel(kernel: Kernel): Promise<() => number> {
  const compiled = await Promise.all(shapes.map((shape) => compileShape(kernel, shape)));
  return () => Math.min(...compiled.map((measure) => measure()));
}

/**
 * Multiplies every row with every column, as a matrix product does. The sums are independent, so no instruction waits for
 * another.
 */
async function compileShape(
  { operations, step }: Kernel,
  [rows, columns]: readonly [number, number],
): Promise<() => number> {
  const a = Array.from({ length: rows }, (_, i) => i);
  const b = Array.from({ length: columns }, (_, j) => j);
  const pairs = a.flatMap((i) => b.map((j) => [i, j] as const));
  const get = (name: string) => `(local.get $${name})`;
  const load = (name: string, i: number, from: number) =>
    `(local.set $${name}${i} (v128.load offset=${from + 16 * i} ${get('at')}))`;
  const turn = [
    ...a.map((i) => load('a', i, 0)),
    ...b.map((j) => load('b', j, 8192)),
    ...pairs.map(
      ([i, j]) => `(local.set $sum${i}${j} ${step(get(`sum${i}${j}`), get(`a${i}`), get(`b${j}`))})`,
    ),
  ];
  const locals = [
    ...a.map((i) => `$a${i}`),
    ...b.map((j) => `$b${j}`),
    ...pairs.map(([i, j]) => `$sum${i}${j}`),
  ];
  const all = pairs
    .map(([i, j]) => get(`sum${i}${j}`))
    .reduce((left, right) => `(v128.xor ${left} ${right})`);
  const run = await compile(`(module (memory 1) (func (export "run") (param $turns i32) (result i32)
    (local $at i32) ${locals.map((name) => `(local ${name} v128)`).join(' ')}
    (loop $again
      (local.set $at (i32.and (i32.shl (local.get $turns) (i32.const 4)) (i32.const 0x0ff0)))
      ${turn.join('\n')}
      (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (i32x4.extract_lane 0 ${all})))`);
  // The first calls run unoptimized code, while the engine optimizes in the background.
  for (let call = 0; call < 50; call++) {
    run(1_000);
    await sleep(2);
  }
  return () => {
    const began = performance.now();
    run(turns);
    return (performance.now() - began) / (turns * rows * columns * operations);
  };
}

/** Compiles a function that reads bytes of memory in order. They are written first: untouched pages would all be one page of zeros. */
export async function compileReader(bytes: number): Promise<() => unknown> {
  const loads = [0, 16, 32, 48].map(
    (offset) => `(local.set $sum (v128.xor (local.get $sum) (v128.load offset=${offset} (local.get $at))))`,
  );
  return compile(`(module (memory ${Math.ceil(bytes / 65536)}) 
    (start $fill)
    (func $fill (memory.fill (i32.const 0) (i32.const 1) (i32.const ${bytes})))
    (func (export "run") (result i32)
    (local $at i32) (local $sum v128)
    (loop $again
      ${loads.join('\n')}
      (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (i32.const ${bytes}))))
    (i32x4.extract_lane 0 (local.get $sum))))`);
}

async function compile(text: string): Promise<(turns?: number) => unknown> {
  const module = binaryen.parseText(text);
  module.setFeatures(binaryen.Features.All);
  if (!module.validate()) throw new Error('Expected valid WebAssembly, got an invalid kernel');
  const { instance } = await WebAssembly.instantiate(module.emitBinary() as Uint8Array<ArrayBuffer>);
  return instance.exports.run as (turns?: number) => unknown;
}
