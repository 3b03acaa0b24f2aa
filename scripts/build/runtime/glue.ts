import { transform } from 'esbuild';

/**
 * Adapts the script that comes with onnxruntime-web's `.wasm` to one thread on any platform: no modules of Node, which
 * bundlers cannot find, no threads, and an unshared memory.
 *
 * @throws Error when a part to remove is not there exactly once: another version of onnxruntime-web.
 */
export async function singleThreaded(script: string): Promise<string> {
  const [node, pthread] = [
    ',m=globalThis.process?.versions?.node&&"renderer"!=globalThis.process?.type',
    ',n=k&&self.name?.startsWith("em-pthread")',
  ];
  const sharedBuffer =
    'SharedArrayBuffer=globalThis.SharedArrayBuffer??(new WebAssembly.Memory({initial:0,maximum:0,shared:!0})).buffer.constructor,';
  let text = script;
  for (const part of [node, pthread, sharedBuffer, ',shared:!0']) {
    if (text.split(part).length !== 2)
      throw new Error(
        `Expected onnxruntime-web's script to have "${part}" once: adapt glue.ts to this version`,
      );
    text = text.replace(part, '');
  }
  // After the export comes code for threads only.
  const factory = text.slice(0, text.indexOf('export default'));
  const { code } = await transform(`${factory}export default ortWasmThreaded;`, {
    // `m` and `n` are now undeclared; the others serve threads only.
    define: {
      m: 'false',
      n: 'false',
      'import.meta.url': '""',
      'globalThis.SharedArrayBuffer': 'undefined',
      'Atomics.waitAsync': 'undefined',
    },
    format: 'esm',
    target: 'es2022',
    minify: true,
    logOverride: { 'assign-to-define': 'silent' },
  });
  return code;
}

/**
 * Finds the exported functions that start an instance, and what each returns.
 *
 * @throws Error when a pattern does not match exactly once: another version of onnxruntime-web.
 */
export function startersOf(script: string): Record<string, number | undefined> {
  const name = (pattern: RegExp) => {
    const [found, ...more] = script.matchAll(pattern);
    if (!found?.[1] || more.length > 0)
      throw new Error(
        `Expected onnxruntime-web's script to match ${pattern} once: adapt glue.ts to this version`,
      );
    return found[1];
  };
  return {
    // Runs the C++ constructors, on the main thread.
    [name(/!0;\w+\?\w+\(\):\w+\.(\w+)\(\)\}/g)]: undefined,
    [name(/_OrtInit=\w+\.(\w+)/g)]: 0,
  };
}
