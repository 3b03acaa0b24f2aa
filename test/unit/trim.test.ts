import binaryen from 'binaryen';
import { expect, test } from 'vitest';
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
