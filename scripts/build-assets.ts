/**
 * Gathers what the deployment serves as static assets into `dist/assets/`: the pages, every model below `model/`, and
 * the runtime that a page needs to run one.
 *
 *     node scripts/build-assets.ts
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { build } from 'esbuild';
import { gatherModels } from './gather-models.ts';

const root = new URL('../', import.meta.url);
const assets = new URL('dist/assets/', root);

// The runtime takes seconds to compress, and is of the same version most of the time.
const { version } = JSON.parse(
  await readFile(new URL('node_modules/onnxruntime-web/package.json', root), 'utf8'),
);
const runtime = new URL(`runtime/${version}/`, assets);
const runtimeFiles = ['ort-wasm-simd-threaded.wasm', 'ort-wasm-simd-threaded.jspi.wasm'];
for (const name of await readdir(assets).catch(() => []))
  if (name !== 'runtime') await rm(new URL(name, assets), { recursive: true });
for (const name of await readdir(new URL('runtime/', assets)).catch(() => []))
  if (name !== version) await rm(new URL(`runtime/${name}`, assets), { recursive: true });
await mkdir(runtime, { recursive: true });
await Promise.all(
  runtimeFiles.map(async (name) => {
    const file = new URL(`${name}.br`, runtime);
    if (existsSync(file)) return;
    const bytes = await readFile(new URL(`node_modules/onnxruntime-web/dist/${name}`, root));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 6, [constants.BROTLI_PARAM_LGWIN]: 24 };
    await writeFile(file, await promisify(brotliCompress)(bytes, { params }));
  }),
);

const models = await gatherModels(new URL('model/', root).pathname, assets.pathname);

const pages = new URL('src/demo/', root);
for (const name of await readdir(pages)) {
  if (/\.(html|css|svg|png|webp|txt)$/.test(name)) await cp(new URL(name, pages), new URL(name, assets));
}
await build({
  entryPoints: [
    ...['page.ts', 'docs.ts'].map((name) => new URL(name, pages).pathname),
    ...['worker-wasm-web.ts', 'worker-webgpu-web.ts'].map(
      (name) => new URL(`src/local/${name}`, root).pathname,
    ),
  ],
  entryNames: '[name]',
  outdir: assets.pathname,
  bundle: true,
  minify: true,
  sourcemap: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'warning',
});
console.log(
  `dist/assets: ${models.length} ${models.length === 1 ? 'model' : 'models'} (${models.join(', ')}) and the pages`,
);
