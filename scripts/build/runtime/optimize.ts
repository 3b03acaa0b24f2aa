import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const binaryen = new URL('../../../node_modules/binaryen/', import.meta.url);
// The features that onnxruntime-web uses. With more, binaryen would emit instructions that engines lack.
const features = [
  'threads',
  'simd',
  'bulk-memory',
  'nontrapping-float-to-int',
  'sign-ext',
  'mutable-globals',
];

// Gains nearly what `-O2` does, in a quarter of its time. Inlining turns a call of a removed function into a trap, so that
// the code after it is removed too.
const passes = [
  'inlining',
  'dce',
  'vacuum',
  'remove-unused-brs',
  'dce',
  'remove-unused-names',
  'merge-blocks',
  'vacuum',
  'simplify-locals-nostructure',
  'coalesce-locals',
  'reorder-locals',
  'vacuum',
  'remove-unused-module-elements',
  'duplicate-function-elimination',
  'merge-similar-functions',
  'reorder-functions',
];
const options = [...features.map((name) => `enable-${name}`), ...passes].map((name) => `--${name}`);

/** The optimizer's version and options: with its input, all that its output depends on. */
export async function optimizerVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('package.json', binaryen), 'utf8'));
  return `${version} ${options.join(' ')}`;
}

/** Removes unreachable code and shrinks the rest. Takes ten seconds. */
export async function optimize(wasm: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await mkdtemp(join(tmpdir(), 'unlabel-'));
  const [from, to] = [join(folder, 'in.wasm'), join(folder, 'out.wasm')];
  try {
    await writeFile(from, wasm);
    await promisify(execFile)(process.execPath, [
      new URL('bin/wasm-opt', binaryen).pathname,
      from,
      ...options,
      '-o',
      to,
    ]);
    return new Uint8Array(await readFile(to));
  } finally {
    await rm(folder, { recursive: true });
  }
}
