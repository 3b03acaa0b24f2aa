/**
 * Gathers what the deployment serves as static assets into `dist/assets/`: `pages/`; `models/`, every model of `model/`; and
 * `runtime/`, which a page loads. Makes the trimmed runtimes first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { build } from 'esbuild';
import { parseCommand } from '../harness/command.ts';
import { copyPublicFile } from './copy-file.ts';
import { gatherModels } from './gather-models.ts';

parseCommand(
  `Usage: npm run build -- assets

Gathers the static assets of the deployment into dist/assets: the pages, every model of model/, and the runtimes that a
page loads. Makes the trimmed runtimes first, where their inputs have changed.`,
  {},
);
// In a process of its own: it ends with threads of onnxruntime-web still waiting.
const { status } = spawnSync(process.execPath, [fileURLToPath(new URL('runtime.ts', import.meta.url))], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

const root = new URL('../../', import.meta.url);
const assets = new URL('dist/assets/', root);

// Compressing a runtime takes seconds: keep those of the current versions.
const installed = new URL('node_modules/onnxruntime-web/', root);
const stock: string = JSON.parse(await readFile(new URL('package.json', installed), 'utf8')).version;
const trimmed: string = (await import(new URL('dist/runtime/version.js', root).href)).version;
// Every visit needs the trimmed one, for which 6 seconds are well spent; the others would take minutes.
const runtimes: [version: string, file: URL, quality: number][] = [
  [trimmed, new URL('dist/runtime/ort.wasm', root), 11],
  [stock, new URL('dist/ort-wasm-simd-threaded.wasm', installed), 6],
  [stock, new URL('dist/ort-wasm-simd-threaded.jspi.wasm', installed), 6],
];
for (const name of await readdir(new URL('runtime/', assets)).catch(() => []))
  if (name !== stock && name !== trimmed) await rm(new URL(`runtime/${name}`, assets), { recursive: true });
await Promise.all(
  runtimes.map(async ([version, source, quality]) => {
    const folder = new URL(`runtime/${version}/`, assets);
    const file = new URL(`${source.pathname.split('/').pop()}.br`, folder);
    if (existsSync(file)) return;
    await mkdir(folder, { recursive: true });
    const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: 24 };
    await writeFile(file, await promisify(brotliCompress)(await readFile(source), { params }));
  }),
);

const made = await mkdtemp(new URL('dist/assets-', root).pathname);
process.once('exit', () => rmSync(made, { recursive: true }));
const models = await gatherModels(new URL('model/', root).pathname, made);

const sources = new URL('src/demo/', root);
const pages = join(made, 'pages');
for (const path of await readdir(sources, { recursive: true })) {
  if (!/^\w[\w.-]*\.(html|css|svg|png|webp|txt)$/.test(basename(path))) continue;
  const size = await copyPublicFile(join(sources.pathname, path), join(pages, basename(path)));
  if (size === undefined) throw new Error(`src/demo/${path}: expected a file and no link`);
}
await build({
  entryPoints: [
    ...['page/page.ts', 'docs/docs.ts'].map((name) => new URL(name, sources).pathname),
    ...['worker-trimmed-web.ts', 'worker-stock-web.ts', 'worker-webgpu-web.ts'].map(
      (name) => new URL(`src/local/runtimes/${name}`, root).pathname,
    ),
  ],
  entryNames: '[name]',
  outdir: pages,
  bundle: true,
  minify: true,
  sourcemap: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'warning',
});
await update(made, assets.pathname);
console.log(
  `dist/assets: ${models.length} ${models.length === 1 ? 'model' : 'models'} (${models.join(', ')}) and the pages`,
);

/** Moves files into place, and deletes those of before. What is the same stays untouched: a server may be running on it. */
async function update(from: string, to: string): Promise<void> {
  const filesOf = async (folder: string) => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
  };
  const files = new Set(await filesOf(from));
  for (const file of files) {
    const there = await readFile(join(to, file)).catch(() => undefined);
    if (there?.equals(await readFile(join(from, file)))) continue;
    await mkdir(dirname(join(to, file)), { recursive: true });
    await rename(join(from, file), join(to, file));
  }
  for (const file of await filesOf(to))
    if (!files.has(file) && !/^runtime\b/.test(file)) await rm(join(to, file));
}
