/** The part of Node's `node:fs` that is used here; Bun and Deno have it too. */
interface FileSystem {
  createReadStream(path: string | URL): AsyncIterable<Uint8Array>;
}

/** Opens a file of the disk, in Node, Bun or Deno. */
export async function openFile(path: string | URL): Promise<AsyncIterable<Uint8Array>> {
  // Bundlers would look for a module of this name for a page.
  const name = 'node:fs';
  const fs = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name).catch((cause: unknown) => {
    throw new TypeError('there are no files here: give a Blob, or an address with its protocol', { cause });
  })) as FileSystem;
  return fs.createReadStream(path);
}
