/** Builds the two npm packages into `dist/packages/`. See `--help`. */
import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAssets, parseCommand } from '../harness/command.ts';
import { bundleCommandLine } from './packages/command-line.ts';
import { addCommonJs } from './packages/common-js.ts';
import { compileModules } from './packages/compile.ts';
import {
  clientEntries,
  clientWorkers,
  type PackageManifest,
  packageManifests,
  serverEntries,
} from './packages/manifests.ts';

parseCommand(
  `Usage: npm run build [-- packages]

Builds the assets, and the two packages, each a folder that npm pack and npm publish take:

  dist/packages/unlabel         client, page, React; runs against any deployment
  dist/packages/unlabel-server  app, Durable Objects, runtime and models; runs in a Worker`,
  {},
);
buildAssets();

const root = fileURLToPath(new URL('../../', import.meta.url));
const packages = join(root, 'dist/packages');
await rm(packages, { recursive: true, force: true });
const { client, server } = await packageManifests(new URL('../../', import.meta.url));

const clientFolder = await start(client);
await compileModules(root, [...clientEntries, ...clientWorkers], join(clientFolder, 'dist'));
for (const file of ['ort.js', 'version.js'])
  await cp(join(root, 'dist/runtime', file), join(clientFolder, 'dist/runtime', file));
await addCommonJs(join(clientFolder, 'dist'));

const serverFolder = await start(server);
await compileModules(
  root,
  Object.values(serverEntries),
  join(serverFolder, 'dist'),
  join(serverFolder, 'src'),
);
for (const file of ['ort.js', 'ort.wasm'])
  await cp(join(root, 'dist/runtime', file), join(serverFolder, 'dist/runtime', file));
await cp(join(root, 'dist/assets'), join(serverFolder, 'dist/assets'), {
  recursive: true,
  filter: (path) => !path.endsWith('.map'),
});

await bundleCommandLine(root, join(serverFolder, 'dist/command-line'));

for (const folder of [clientFolder, serverFolder]) console.log(await sizeOf(folder));

/** Begins a package: its manifest, license and README. */
async function start(manifest: PackageManifest): Promise<string> {
  const folder = join(packages, String(manifest.name));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  await cp(join(root, `docs/packages/${manifest.name}.md`), join(folder, 'README.md'));
  return folder;
}

/** A line of how large a package is. */
async function sizeOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return `${folder.slice(root.length)}: ${files.length} files, ${(bytes / 1e6).toFixed(2)} MB`;
}
