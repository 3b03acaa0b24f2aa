import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** What is compared with, at these versions. */
export const rivals = {
  '@huggingface/transformers': '4.3.1',
  '@tensorflow/tfjs-backend-wasm': '4.22.0',
  '@tensorflow/tfjs-core': '4.22.0',
  'onnxruntime-node': '1.30.0',
};

const folder = new URL('../../../node_modules/.cache/unlabel-bench/', import.meta.url);

/** Installs them beside this package's own, where they are not yet; gives the folder, with a slash at the end. */
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
