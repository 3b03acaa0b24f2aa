import { createHash } from 'node:crypto';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UnlabelError } from '../../src/contract/errors.ts';
import { limits } from '../../src/contract/limits.ts';
import { sniff } from '../../src/image/sniff.ts';

/** A picture of a folder. */
export interface Picture {
  /** Its path in the folder, or the SHA-256 of one that is too long for an id. */
  id: string;
  /** Its path in the folder, with `/` on every system. */
  path: string;
  /** Where it is. */
  file: string;
  /** Name of the folder that it lies in; undefined for the topmost. */
  parent: string | undefined;
}

/** A file that is not stored, and why. */
export interface Omission {
  path: string;
  reason: string;
}

/** What is in a folder. */
export interface Folder {
  pictures: Picture[];
  /** Files that are no pictures, and links. */
  skipped: Omission[];
  /** What cannot be read, or is damaged. */
  failed: Omission[];
}

/** Bytes that tell the format. */
const headBytes = 64;

/**
 * Finds the pictures of a folder and of the folders in it, by their first bytes, in the order of their paths. Leaves out what
 * has a dot before its name, and follows no links.
 */
export async function findPictures(folder: string): Promise<Folder> {
  const found: Folder = { pictures: [], skipped: [], failed: [] };
  await walk(folder, [], found);
  return found;
}

async function walk(folder: string, names: readonly string[], found: Folder): Promise<void> {
  const entries = await readdir(join(folder, ...names), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const inner = [...names, entry.name];
    const path = inner.join('/');
    try {
      if (entry.isDirectory()) await walk(folder, inner, found);
      else if (!entry.isFile()) found.skipped.push({ path, reason: 'A link, or no file' });
      else {
        const file = join(folder, path);
        await checkFile(file);
        found.pictures.push({ id: idOf(path), path, file, parent: names.at(-1) });
      }
    } catch (error) {
      const isOther = error instanceof UnlabelError && error.code === 'unsupported_media_type';
      found[isOther ? 'skipped' : 'failed'].push({ path, reason: (error as Error).message });
    }
  }
}

/** @throws UnlabelError for what is no picture, or too large to be sent. */
async function checkFile(file: string): Promise<void> {
  const { size } = await stat(file);
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(headBytes), 0, headBytes, 0);
    sniff(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
  if (size > limits.bodyBytes)
    throw new UnlabelError(
      'body_too_large',
      `The service takes files of up to ${limits.bodyBytes} bytes, and this one has ${size}: scale it down`,
    );
}

function idOf(path: string): string {
  const fits =
    Buffer.byteLength(path) <= limits.vectorIdBytes && path.isWellFormed() && !/\p{Cc}/u.test(path);
  return fits ? path : createHash('sha256').update(path).digest('hex');
}
