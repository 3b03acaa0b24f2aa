import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { errorCodes } from '../../src/contract/error-codes.ts';
import type { Manifest } from '../../src/contract/manifest.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFile(join(root, file), 'utf8');
const inFolder = async (folder: string) =>
  (await readdir(join(root, folder)))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const folders = ['.', 'docs', 'docs/packages', 'docs/frameworks', 'examples'];
const documents = (await Promise.all(folders.map(inFolder))).flat();

/** A document without its blocks of code. */
const prose = (text: string) => text.replaceAll(/^ *```.*?^ *```$/gms, '');

/** The anchors that GitHub gives the headings of a document. */
const anchorsOf = (text: string) =>
  Array.from(prose(text).matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-'),
  );

test('the README has at most 130 lines', async () => {
  expect((await read('README.md')).trimEnd().split('\n').length).toBeLessThanOrEqual(130);
});

test.each(documents)('%s links to files and headings that exist', async (file) => {
  for (const [, link = ''] of prose(await read(file)).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(link)) continue;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : join(dirname(file), path);
    expect(existsSync(join(root, target)), `${file}: ${link}`).toBe(true);
    if (anchor) expect(anchorsOf(await read(target)), `${file}: ${link}`).toContain(anchor);
  }
});

test.each(documents)('%s names npm scripts and files that exist', async (file) => {
  const { scripts } = JSON.parse(await read('package.json'));
  const text = await read(file);
  for (const [, name = ''] of text.matchAll(/npm run ([\w:-]+)/g))
    expect(Object.keys(scripts), `${file}: npm run ${name}`).toContain(name);
  for (const [, path = ''] of text.matchAll(/`((?:src|scripts|test|model|docs|examples)\/[\w./-]+)`/g))
    expect(existsSync(join(root, path)), `${file}: ${path}`).toBe(true);
});

test('troubleshooting lists every error code with its status', async () => {
  const rows = (await read('docs/troubleshooting.md')).matchAll(/^\| `(\w+)` +\| +(\d+) \|/gm);
  const listed = Object.fromEntries(Array.from(rows, ([, code, status]) => [code, Number(status)]));
  expect(listed).toEqual(
    Object.fromEntries(Object.entries(errorCodes).map(([code, [status]]) => [code, status])),
  );
});

test('troubleshooting quotes messages that exist', async () => {
  const names = await readdir(join(root, 'src'), { recursive: true });
  const sources = await Promise.all(
    names.filter((name) => name.endsWith('.ts')).map((name) => read(join('src', name))),
  );
  const quoted = Array.from(
    (await read('docs/troubleshooting.md')).matchAll(/"([^"\n]+)"/g),
    ([, text = '']) => text,
  );
  expect(quoted.length).toBeGreaterThan(10);
  for (const text of quoted)
    expect(
      sources.some((source) => source.includes(text)),
      text,
    ).toBe(true);
});

test('the figures of the README are those of the manifests and of BENCHMARKS.md', async () => {
  const figures = /<!-- figures.*?<!-- \/figures -->/s.exec(await read('README.md'))?.[0] ?? '';
  const percent = (value = Number.NaN) => `${(100 * value).toFixed(1)} %`;
  for (const name of await readdir(join(root, 'model'))) {
    if (name.endsWith('.d.ts')) continue;
    const { classes, files, gallery }: Manifest = JSON.parse(await read(`model/${name}/manifest.json`));
    const int8 = files.find(({ precision }) => precision === 'int8');
    const { accuracy, knn20, linear } = int8?.metrics ?? {};
    const wanted = [accuracy, knn20, linear].map(percent);
    const size = `${((int8?.bytes ?? 0) / 1e6).toFixed(2)} MB`;
    const row = figures.split('\n').find((line) => line.startsWith(`| [${name}]`)) ?? '';
    expect(
      row
        .split('|')
        .slice(2, -1)
        .map((cell) => cell.trim()),
    ).toEqual([`${classes.length}`, ...wanted, size]);
    if (gallery) expect(figures).toContain(percent(gallery.metrics.knn20));
  }
  const benchmarks = await read('BENCHMARKS.md');
  const cell = (row: string) => new RegExp(`^\\| ${row} \\| ([\\d.]+)`, 'm').exec(benchmarks)?.[1];
  expect(figures).toContain(`${cell('bare run of the network')} ms`);
  expect(figures).toContain(`${cell('Unlabel')} MB`);
});

/** What the examples take as given. */
const given = `
declare const file: File, first: File, second: File, other: File;
declare const one: File, two: File, three: File, four: File;
declare const url: string, baseUrl: string;
declare const client: import('unlabel').Client<'cifar10'>;
declare const local: import('unlabel/local').LocalEngine<'cifar10'>;
declare const env: { UNLABEL: { fetch: import('unlabel').Fetch } };
`;

/** What the examples use of frameworks that are not installed here, as those declare it. */
const frameworks = `
declare module 'vue' {
  export function shallowRef<T>(value: T): { value: T };
  export function onMounted(hook: () => void): void;
  export function onUnmounted(hook: () => void): void;
}
declare module 'svelte/store' {
  export interface Readable<T> {
    subscribe(run: (value: T) => void): () => void;
  }
  export function readable<T>(value?: T, start?: (set: (value: T) => void) => void | (() => void)): Readable<T>;
}
`;

test('the TypeScript in the documents compiles', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unlabel-docs-'));
  try {
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'given.d.ts'), given);
    await writeFile(join(folder, 'frameworks.d.ts'), frameworks);
    const compilerOptions = {
      jsx: 'react-jsx',
      noUnusedLocals: false,
      paths: {
        unlabel: [join(root, 'src/index.ts')],
        'unlabel/*': [join(root, 'src/*.ts')],
        'unlabel-server': [join(root, 'src/server.ts')],
        'unlabel-server/stock': [join(root, 'src/server-stock.ts')],
      },
    };
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions,
        include: ['*.ts', '*.tsx', join(root, 'src/platform.d.ts')],
      }),
    );
    let blocks = 0;
    for (const file of documents) {
      const text = await read(file);
      for (const { 1: kind, 2: code, index } of text.matchAll(/^ *```(tsx?)\n(.*?)^ *```$/gms)) {
        // Lines are those of the document.
        const line = text.slice(0, index).split('\n').length;
        const name = `${file.replaceAll('/', '-')}-${line}.${kind}`;
        await writeFile(join(folder, name), `${'\n'.repeat(line)}${code}export {};\n`);
        blocks++;
      }
    }
    expect(blocks).toBeGreaterThan(10);
    const complaints = await new Promise<string>((resolve) => {
      execFile(join(root, 'node_modules/.bin/tsc'), ['-p', folder], (_, stdout) => resolve(stdout));
    });
    expect(complaints).toBe('');
  } finally {
    await rm(folder, { recursive: true });
  }
});
