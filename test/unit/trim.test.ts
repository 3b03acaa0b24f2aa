import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { cutSchemas, recordSchemas } from '../../scripts/build/runtime/schemas.ts';
import { resume } from '../../scripts/build/runtime/snapshot.ts';
import { instrument, trim, unshare } from '../../scripts/build/runtime/trim.ts';

/** Makes a function large enough that its branches are trimmed too. */
const padding = '(drop (i32.const 1234567890))'.repeat(50_000);

// Its memory is imported as onnxruntime-web's is. `way` branches by `if`, `br_if` and `br_table`.
const text = `(module
  (import "a" "a" (memory 256 65536 shared))
  (global (mut i32) (i32.const 5))
  (data "\\01\\02\\03")
  (start $copy)
  (func $copy (memory.init 0 (i32.const 70000) (i32.const 0) (i32.const 3)))
  (func (export "begin") (result i32)
    (global.set 0 (i32.add (global.get 0) (i32.const 2)))
    (i32.store (i32.const 1000000) (i32.const -5))
    (i32.const 1))
  (func (export "read") (param $at i32) (result i32) (i32.load (local.get $at)))
  (func $used (result i32) (global.get 0))
  (func $unused (result i32) (i32.const 8))
  (func (export "way") (param $x i32) (result i32)
    ${padding}
    (if (i32.eq (local.get $x) (i32.const 100)) (then (return (call $unused))) (else (nop)))
    (block $over
      (br_if $over (i32.gt_u (local.get $x) (i32.const 200)))
      (block $c (block $b (block $a
        (br_table $a $b $c (local.get $x)))
        (return (call $used)))
        (return (i32.const 21)))
      (return (i32.const 22)))
    (i32.const 23)))`;

const compiled = binaryen.parseText(text);
const { Features } = binaryen;
compiled.setFeatures(Features.Atomics | Features.MutableGlobals | Features.BulkMemory);
const stock = unshare(new Uint8Array(compiled.emitBinary()));

const [a, b, c, call, over] = [0, 1, 2, 100, 201];
const answers: Record<number, number> = { [a]: 7, [b]: 21, [c]: 22, [call]: 8, [over]: 23 };

async function start(wasm: Uint8Array<ArrayBuffer>) {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 65536 });
  const { instance } = await WebAssembly.instantiate(wasm, { a: { a: memory } });
  const functions = instance.exports as Record<'way' | 'read' | 'begin', (x?: number) => number>;
  return { instance, memory, ...functions };
}

test.each([[[a]], [[b, c]], [[call, over]], [[over, a]], [[a, b, c, call, over]]])(
  'a module trimmed to the inputs %j answers those, and traps on others',
  async (taken) => {
    const { wasm, profile } = instrument(stock);
    const noting = await start(wasm);
    expect(noting.begin()).toBe(1);
    for (const x of taken) expect(noting.way(x)).toBe(answers[x]);
    const { begin, way } = await start(trim(stock, profile(noting.instance)));
    begin();
    for (const [x, answer] of Object.entries(answers))
      if (taken.includes(Number(x))) expect(way(Number(x))).toBe(answer);
      else expect(() => way(Number(x))).toThrow(WebAssembly.RuntimeError);
  },
);

test('a module resumes from the memory and globals of a started instance, without the code that starts one', async () => {
  const { wasm, profile, globals } = instrument(stock);
  const { instance, memory, begin, way, read } = await start(wasm);
  begin();
  profile(instance);
  const snapshot = { memory: new Uint8Array(memory.buffer.slice(0)), globals: globals(instance) };
  expect(snapshot.globals).toEqual([7]);
  way(a);
  read(0);
  const running = profile(instance);

  const resumed = await start(resume(trim(stock, running), snapshot, { begin: 0 }));
  expect(resumed.begin()).toBe(0);
  expect([resumed.way(a), resumed.read(70_000), resumed.read(1_000_000)]).toEqual([7, 0x030201, -5]);
  expect(new Uint8Array(resumed.memory.buffer)).toEqual(snapshot.memory);
  expect(() => resumed.way(call)).toThrow(WebAssembly.RuntimeError);

  await expect(start(trim(stock, running))).rejects.toThrow(WebAssembly.RuntimeError);
});

test('other bytes than onnxruntime-web are refused', () => {
  expect(() => instrument(new TextEncoder().encode('<!doctype html>'))).toThrow(
    'Expected a WebAssembly module',
  );
  const other = binaryen.parseText('(module (import "a" "a" (memory 1 2)) (func))');
  expect(() => unshare(new Uint8Array(other.emitBinary()))).toThrow('memory');
});

/** A module as onnxruntime-web is where it registers schemas: it makes each in memory, gives it to a callback, and destroys it. */
const names = [
  'Conv',
  'Relu',
  'AveragePoolOfALongName',
  'Softmax',
  ...Array.from({ length: 120 }, (_, i) => `Op${i}`),
];
const schema = (name: string, i: number) => {
  const short = name.length < 11;
  const bytes = [...name.padEnd(11, '\0')].map((letter) => letter.charCodeAt(0));
  const word = (at: number) => bytes.slice(at, at + 4).reduce((sum, byte, k) => sum + byte * 2 ** (8 * k), 0);
  const [first, second, third] = short
    ? [word(0), word(4), word(8) + name.length * 2 ** 24]
    : [1000 + 100 * i, name.length, 0x80000000];
  // Those that are multiples of seven read a local that the one before has set.
  const number = i % 7 === 0 ? '(local.get $last)' : `(i32.const ${i})`;
  return `
    (i32.store offset=12 (local.get $at) (i32.const 5))
    (i32.store (local.get $at) (i32.const ${first}))
    (i32.store offset=4 (local.get $at) (i32.const ${second}))
    (i32.store offset=8 (local.get $at) (i32.const ${third}))
    (if (i32.load (i32.const 0)) (then (local.set $last (i32.const ${i + 1}))))
    (local.set $last (i32.const ${i + 1}))
    (i32.store offset=16 (local.get $at) ${number})
    (local.set $schema (local.get $at))
    (call_indirect (type $callback) (i32.const 0) (local.get $schema) (i32.const 0))
    (drop (call $destroy (local.get $schema)))`;
};
const registering = binaryen.parseText(`(module
  (type $callback (func (param i32 i32)))
  (import "a" "a" (memory 256 65536 shared))
  (table funcref (elem $register))
  (global $at (mut i32) (i32.const 500000))
  ${names.flatMap((name, i) => (name.length < 11 ? [] : [`(data (i32.const ${1000 + 100 * i}) "${name}")`])).join('\n')}
  (func $register (type $callback)
    (i32.store (global.get $at) (i32.load offset=16 (local.get 1)))
    (global.set $at (i32.add (global.get $at) (i32.const 4))))
  (func $destroy (param i32) (result i32) (local.get 0))
  (func (export "begin") (result i32)
    (local $at i32) (local $schema i32) (local $last i32)
    (local.set $at (i32.const 400000))
    ${padding}
    ${names.map(schema).join('')}
    (i32.const 1)))`);
registering.setFeatures(Features.Atomics | Features.MutableGlobals | Features.BulkMemory);
const described = unshare(new Uint8Array(registering.emitBinary()));

/** What a module registers when it starts: the number in each schema. */
async function registered(wasm: Uint8Array<ArrayBuffer>): Promise<number[]> {
  const { begin, memory } = await start(wasm);
  begin();
  const numbers = new Int32Array(memory.buffer, 500_000, names.length);
  return [...numbers.subarray(0, numbers.indexOf(0, 1) < 0 ? undefined : numbers.indexOf(0, 1))];
}

test('schemas are known by name, and those that are not wanted are cut out', async () => {
  const recording = recordSchemas(described);
  const { instance, memory, begin } = await start(recording.wasm);
  begin();
  expect(recording.names(instance, memory)).toEqual(names);
  const all = await registered(described);
  expect(all).toHaveLength(names.length);

  const wanted = names.map((_, i) => i % 5 === 2 || i === 7);
  const lean = cutSchemas(described, wanted);
  expect(await registered(lean)).toEqual(all.filter((_, i) => wanted[i]));
  expect(lean.length).toBeLessThan(0.99 * described.length);
});

test('a module that registers no schemas is refused', () => {
  expect(() => cutSchemas(stock, [])).toThrow('no function type');
});
