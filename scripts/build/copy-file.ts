import { copyFile, lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Copies a file that everybody may read. Links are not followed: they may point at any file of the machine.
 * @returns its bytes; undefined where there is no file of that name, or a link.
 */
export async function copyPublicFile(from: string, to: string): Promise<number | undefined> {
  const stats = await lstat(from).catch(() => undefined);
  if (!stats?.isFile()) return undefined;
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
  return stats.size;
}
