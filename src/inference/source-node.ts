import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelSource } from './model.ts';

/** The files of a model folder on disk, for scripts and tests. */
export function folderSource(folder: string): ModelSource {
  return { read: async (file) => new Uint8Array(await readFile(join(folder, file))) };
}
