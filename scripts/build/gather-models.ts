import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Copies models into static assets, where the server looks for them, with an index of their names.
 *
 * @param folder - has one folder per model.
 * @param assets - the folder that is served. The models go into its `models/`.
 * @returns their names, sorted.
 */
export async function gatherModels(folder: string, assets: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  await mkdir(join(assets, 'models'), { recursive: true });
  for (const name of names) await cp(join(folder, name), join(assets, 'models', name), { recursive: true });
  await writeFile(join(assets, 'models/index.json'), JSON.stringify({ models: names.sort() }));
  return names;
}
