import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The packages to compare with, and their versions. */
export const rivals = {
  '@huggingface/transformers': '4.3.1',
  '@tensorflow/tfjs-backend-wasm': '4.22.0',
  '@tensorflow/tfjs-core': '4.22.0',
  'onnxruntime-node': '1.30.0',
};

const folder = new URL('../../../node_modules/.cache/unlabel-bench/', import.meta.url);

/** Installs them into a folder of their own, unless they are there. @returns the folder, with a trailing slash. */
export async function installRivals(): Promise<string> {
  const path = fileURLToPath(folder);
  const wanted = JSON.stringify({ private: true, type: 'module', dependencies: rivals });
  const done = new URL(`done-${Buffer.from(Object.values(rivals).join()).toString('hex')}`, folder);
  if (existsSync(done)) return path;
  await mkdir(folder, { recursive: true });
  await writeFile(new URL('package.json', folder), wanted);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'], {
    cwd: path,
    stdio: 'inherit',
  });
  await writeFile(done, '');
  return path;
}
