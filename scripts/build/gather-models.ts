import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnlabelError } from '../../src/contract/errors.ts';
import { parseManifest } from '../../src/inference/manifest.ts';
import { copyPublicFile } from './copy-file.ts';

/** One name, as the server serves it: leads nowhere else, and hides nothing. */
const segment = /^[\w-][\w.-]*$/;

/**
 * Copies models into static assets, where the server looks for them, with an index of their names. Of a model's folder it
 * copies what the manifest names, and nothing else that lies there.
 *
 * @param folder - has one folder per model. Files, and folders whose name begins with a dot, are no models.
 * @param assets - the folder that is served. The models go into its `models/`, beside those that are there.
 * @returns the names of all, sorted.
 * @throws UnlabelError `model_unavailable` for a link, a wrong manifest, a file that is missing or of another size, or a
 *   name that is taken.
 */
export async function gatherModels(folder: string, assets: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
  for (const entry of entries)
    if (entry.isSymbolicLink() || (names.includes(entry.name) && !segment.test(entry.name)))
      throw refusal(folder, 'a folder whose name has letters, digits, _, . and -, and no link', entry.name);
  await mkdir(join(assets, 'models'), { recursive: true });
  const index = join(assets, 'models/index.json');
  const present: string[] = existsSync(index) ? JSON.parse(await readFile(index, 'utf8')).models : [];
  const taken = names.find((name) => present.includes(name));
  if (taken !== undefined) throw refusal(folder, `other names than ${present.join(', ')}`, taken);
  for (const name of names) await gatherModel(join(folder, name), join(assets, 'models', name));
  const models = [...present, ...names].sort();
  await writeFile(index, JSON.stringify({ models }));
  return models;
}

async function gatherModel(from: string, to: string): Promise<void> {
  const copy = async (file: unknown) => {
    const isName = typeof file === 'string' && segment.test(file);
    const size = isName ? await copyPublicFile(join(from, file), join(to, file)) : undefined;
    if (size === undefined) throw refusal(from, 'the name of a file in this folder, and no link', file);
    return size;
  };
  await copy('manifest.json');
  const { files, gallery } = parseManifest(await readFile(join(to, 'manifest.json'), 'utf8'));
  for (const { file, bytes } of [...files, ...(gallery ? [gallery] : [])]) {
    const size = await copy(file);
    if (size !== bytes) throw refusal(from, `\`bytes\` of ${file} to be ${size}`, bytes);
  }
}

function refusal(folder: string, expected: string, got: unknown): UnlabelError {
  return new UnlabelError('model_unavailable', `${folder}: expected ${expected}, got ${JSON.stringify(got)}`);
}
