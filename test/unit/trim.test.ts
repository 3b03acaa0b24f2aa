import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { instrument, trim } from '../../scripts/runtime/trim.ts';

/** Makes a function large enough to be trimmed inside. */
const padding = '(drop (i32.const 1234567890))'.repeat(50_000);

// Its memory is imported as onnxruntime-web's is. `way` takes its ways by `if`, `br_if` and `br_table`.
const text = `(module
  (import "a" "a" (memory 256 65536 shared))
  (global (mut i32) (i32.const 7))
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
compiled.setFeatures(binaryen.Features.Atomics | binaryen.Features.MutableGlobals);
const stock = new Uint8Array(compiled.emitBinary());

const [a, b, c, call, over] = [0, 1, 2, 100, 201];
const answers: Record<number, number> = { [a]: 7, [b]: 21, [c]: 22, [call]: 8, [over]: 23 };

async function start(wasm: Uint8Array<ArrayBuffer>) {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 65536 });
  const { instance } = await WebAssembly.instantiate(wasm, { a: { a: memory } });
  return { instance, way: instance.exports.way as (x: number) => number };
}

test.each([[[a]], [[b, c]], [[call, over]], [[over, a]], [[a, b, c, call, over]]])(
  'a module trimmed to %j does just that',
  async (taken) => {
    const { wasm, profile } = instrument(stock);
    const noting = await start(wasm);
    for (const x of taken) expect(noting.way(x)).toBe(answers[x]);
    const { way } = await start(trim(stock, profile(noting.instance)));
    for (const [x, answer] of Object.entries(answers))
      if (taken.includes(Number(x))) expect(way(Number(x))).toBe(answer);
      else expect(() => way(Number(x))).toThrow(WebAssembly.RuntimeError);
  },
);

test('what is not onnxruntime-web is refused', () => {
  expect(() => instrument(new TextEncoder().encode('<!doctype html>'))).toThrow('not a WebAssembly module');
  const other = binaryen.parseText('(module (import "a" "a" (memory 1 2)) (func))');
  expect(() => trim(new Uint8Array(other.emitBinary()), { functions: [], ways: new Map() })).toThrow(
    'memory',
  );
});
