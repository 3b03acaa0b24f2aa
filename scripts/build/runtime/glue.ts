import { transform } from 'esbuild';

/**
 * The script that comes with onnxruntime-web's `.wasm`, for one thread and any platform: without Node's modules, which
 * bundlers cannot find, without threads, and with a memory that is not shared.
 *
 * @throws Error where it is not the script that is known.
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
      throw new Error(`The script of onnxruntime-web has no single "${part}"`);
    text = text.replace(part, '');
  }
  // After its export it starts itself where it is a thread.
  const factory = text.slice(0, text.indexOf('export default'));
  const { code } = await transform(`${factory}export default ortWasmThreaded;`, {
    // What is undeclared now; and what a single thread has no use for.
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
 * Names of the exported functions with which the script of onnxruntime-web starts an instance, and what each returns.
 * @throws Error where it is not the script that is known.
 */
export function startersOf(script: string): Record<string, number | undefined> {
  const name = (pattern: RegExp) => {
    const [found, ...more] = script.matchAll(pattern);
    if (!found?.[1] || more.length > 0)
      throw new Error(`The script of onnxruntime-web has no single ${pattern}`);
    return found[1];
  };
  return {
    // Constructors, where it is no thread.
    [name(/!0;\w+\?\w+\(\):\w+\.(\w+)\(\)\}/g)]: undefined,
    [name(/_OrtInit=\w+\.(\w+)/g)]: 0,
  };
}
