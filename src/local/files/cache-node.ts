import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { FileCache } from './cache.ts';
import { storedHeaders, versionless } from './cache.ts';

/** Where files are kept where the caller names no folder: in the user's own, for others must not write what is run. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'unlabel');
}

const nameOf = (address: string) => createHash('sha256').update(address).digest('hex').slice(0, 32);

/**
 * Keeps files in a folder: one folder for a file, with its versions by address. A file begins with a line of its
 * headers. Processes may share it: a file appears at once and whole.
 */
export function createFolderCache(folder: string): FileCache {
  const folderOf = (url: URL) => join(folder, nameOf(versionless(url)));

  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch {
      return undefined;
    }
  }

  return {
    get: (url, read) =>
      attempt(async () => {
        const bytes = await readFile(join(folderOf(url), nameOf(url.href)));
        const end = bytes.indexOf('\n');
        const headers = JSON.parse(bytes.toString('utf8', 0, end));
        return read(new Response(new Uint8Array(bytes.subarray(end + 1)), { headers }));
      }),
    put: (url, response) =>
      attempt(async () => {
        const own = folderOf(url);
        const name = nameOf(url.href);
        await mkdir(own, { recursive: true, mode: 0o700 });
        const headers = `${JSON.stringify(storedHeaders(response.headers))}\n`;
        const partial = join(own, `${name}-${process.pid}-${crypto.randomUUID()}`);
        await writeFile(partial, [headers, new Uint8Array(await response.arrayBuffer())]);
        await rename(partial, join(own, name));
        for (const other of await readdir(own))
          if (other !== name) await rm(join(own, other), { force: true });
      }),
    delete: (url) => attempt(() => rm(join(folderOf(url), nameOf(url.href)), { force: true })),
  };
}
