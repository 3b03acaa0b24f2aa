import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const binaryen = new URL('../../../node_modules/binaryen/', import.meta.url);
// What onnxruntime-web is made of; with more, binaryen would write what engines do not know yet.
const features = [
  'threads',
  'simd',
  'bulk-memory',
  'nontrapping-float-to-int',
  'sign-ext',
  'mutable-globals',
];

// Nearly all that `-O2` gains here, in a quarter of its time: a call to a removed function becomes a trap in place, so
// that the code behind it goes too.
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

/** What an output depends on beside its input. */
export async function optimizer(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('package.json', binaryen), 'utf8'));
  return `${version} ${options.join(' ')}`;
}

/** Removes what cannot be reached any more, and makes the rest smaller. Takes ten seconds. */
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
