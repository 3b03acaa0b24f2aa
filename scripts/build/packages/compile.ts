import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { transform } from 'esbuild';
import { markComputedImports } from './computed-imports.ts';

/**
 * Compiles entries of `src/`, and what they import, to ES modules and their types.
 *
 * @param root - folder of the repository.
 * @param entries - names of files in `src/`, without `.ts`.
 * @param out - folder of the compiled files.
 * @param sources - folder for the sources of the types, to which an editor then leads. Default: none.
 */
export async function compileModules(
  root: string,
  entries: readonly string[],
  out: string,
  sources?: string,
): Promise<void> {
  const folder = mkdtempSync(join(root, 'node_modules/.unlabel-build-'));
  try {
    const config = {
      extends: join(root, 'tsconfig.build.json'),
      compilerOptions: { rootDir: join(root, 'src'), outDir: out, declarationMap: sources !== undefined },
      files: [...entries.map((entry) => join(root, `src/${entry}.ts`)), join(root, 'src/platform.d.ts')],
      include: [],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { cwd: root, stdio: 'inherit' });
  } finally {
    rmSync(folder, { recursive: true });
  }
  const files = await readdir(out, { recursive: true });
  for (const path of files) if (path.endsWith('.js')) await minifyFile(join(out, path));
  await cp(join(root, 'model/labels.d.ts'), join(out, 'labels.d.ts'));
  for (const path of files) if (path.endsWith('.d.ts')) await moveLabels(join(out, path));
  const needed = await declarationsOf(entries.map((entry) => join(out, `${entry}.d.ts`)));
  for (const path of files)
    if (/\.d\.ts(\.map)?$/.test(path) && !needed.has(join(out, path.replace(/\.map$/, ''))))
      await rm(join(out, path));
  if (sources === undefined) return;
  for (const path of files)
    if (needed.has(join(out, path)))
      await addSource(join(out, `${path}.map`), path.replace(/\.d\.ts$/, '.ts'));

  /** Copies a source, and lets the map of its declaration lead to it. */
  async function addSource(file: string, path: string): Promise<void> {
    const copy = join(sources as string, path);
    await cp(join(root, 'src', path), copy);
    const map = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...map, sources: [relative(dirname(file), copy)] }));
  }
}

/** The names of the models' classes lie in `model/`, which a package has not. */
async function moveLabels(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  if (text.includes('/model/labels.d.ts'))
    await writeFile(file, text.replaceAll('../../model/labels.d.ts', '../labels.d.ts'));
}

/** The declarations that some refer to, and those themselves. */
async function declarationsOf(entries: readonly string[]): Promise<Set<string>> {
  const files = new Set(entries);
  for (const file of files)
    for (const [, path = ''] of (await readFile(file, 'utf8')).matchAll(
      /(?:from |import\()['"](\.[^'"]+?)(?:\.d)?\.[jt]s['"]/g,
    )) {
      files.add(join(dirname(file), `${path}.d.ts`));
    }
  return files;
}

/** The declarations have the documentation; what runs is downloaded by every install, and bundled. */
async function minifyFile(file: string): Promise<void> {
  const { code } = await transform(await readFile(file, 'utf8'), {
    format: 'esm',
    target: 'es2022',
    minifyWhitespace: true,
    minifyIdentifiers: true,
  });
  await writeFile(file, markComputedImports(code));
}
