/** Bundles the page of `npm run name-classes` into `dist/naming`, from which Python serves it. */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @returns the folder of the page. */
export async function buildNamingPage(): Promise<string> {
  const page = `${root}scripts/naming/page/`;
  const out = `${root}dist/naming/`;
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const files = [
    `${page}index.html`,
    `${page}page.css`,
    `${root}src/demo/style.css`,
    `${root}src/demo/favicon.svg`,
  ];
  await Promise.all([
    ...files.map((file) => copyFile(file, out + basename(file))),
    build({
      entryPoints: [`${page}page.ts`],
      outdir: out,
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      logLevel: 'warning',
    }),
  ]);
  return out;
}
