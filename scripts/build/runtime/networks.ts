import { readdir, readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { parseManifest } from '../../../src/inference/manifest.ts';

/** A network that the runtime must run. */
export interface Network {
  /** Path of its file. */
  name: string;
  weights: Uint8Array;
  height: number;
  width: number;
}

/** Reads all files of every model below `model/`. */
export async function shippedNetworks(root: URL): Promise<Network[]> {
  const networks: Network[] = [];
  const folders = await readdir(new URL('model/', root), { withFileTypes: true });
  for (const { name } of folders.filter((entry) => entry.isDirectory())) {
    const folder = new URL(`model/${name}/`, root);
    const { input, files } = parseManifest(await readFile(new URL('manifest.json', folder), 'utf8'));
    for (const { file } of files)
      networks.push({
        name: `model/${name}/${file}`,
        weights: new Uint8Array(await readFile(new URL(file, folder))),
        ...input,
      });
  }
  return networks;
}

/** Reads small networks of the other architectures that training can make. */
export async function probeNetworks(): Promise<Network[]> {
  const folder = new URL('probes/', import.meta.url);
  return Promise.all(
    (await readdir(folder)).sort().map(async (file) => {
      const size = Number(file.split('.')[1]);
      const weights = new Uint8Array(gunzipSync(await readFile(new URL(file, folder))));
      return { name: `probes/${file}`, weights, height: size, width: size };
    }),
  );
}
