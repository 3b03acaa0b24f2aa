/**
 * Gathers what the deployment serves as static assets into `dist/assets/`: the pages, and every model below `model/`.
 *
 *     node scripts/build-assets.ts
 */
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const root = new URL('../', import.meta.url);
const assets = new URL('dist/assets/', root);

await rm(assets, { recursive: true, force: true });
await mkdir(new URL('models/', assets), { recursive: true });

const folders = await readdir(new URL('model/', root), { withFileTypes: true });
const models = folders.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
for (const name of models)
  await cp(new URL(`model/${name}/`, root), new URL(`models/${name}/`, assets), { recursive: true });
await writeFile(new URL('models/index.json', assets), JSON.stringify({ models: models.sort() }));

const pages = new URL('src/demo/', root);
for (const name of await readdir(pages)) {
  if (/\.(html|css|svg|png|webp|txt)$/.test(name)) await cp(new URL(name, pages), new URL(name, assets));
}
await build({
  entryPoints: [new URL('page.ts', pages).pathname, new URL('docs.ts', pages).pathname],
  outdir: assets.pathname,
  bundle: true,
  minify: true,
  sourcemap: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'warning',
});
console.log(
  `dist/assets: ${models.length} ${models.length === 1 ? 'model' : 'models'} (${models.join(', ')}) and the pages`,
);
