import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { crowdedFolders, findCircles, readImports, specifiersOf } from '../helpers/import-graph.ts';

const src = fileURLToPath(new URL('../../src/', import.meta.url));

/** Which rooms each room of `src/` may import from, beside itself. */
const mayImport: Record<string, string[]> = {
  // The ground: what belongs to no domain.
  util: [],
  contract: [],
  image: ['util', 'contract'],
  inference: ['util', 'contract', 'image'],
  vectors: ['util', 'contract'],
  client: ['util', 'contract', 'image'],
  local: ['util', 'contract', 'image', 'inference', 'vectors'],
  react: ['contract', 'local'],
  server: ['util', 'contract', 'image', 'inference', 'vectors'],
  demo: ['index.ts', 'local.ts', 'webgpu.ts', 'contract'],
  'index.ts': ['client', 'contract'],
  'local.ts': ['local', 'contract'],
  'node.ts': ['local', 'contract'],
  'react.ts': ['react', 'local'],
  'server.ts': ['server', 'vectors', 'contract'],
  'server-stock.ts': ['inference'],
  'stock.ts': ['local'],
  'webgpu.ts': ['local'],
  'worker.ts': ['server.ts'],
};

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = (await readdir(src, { recursive: true })).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.d.ts'),
);

const importsOf = async (file: string, pattern?: RegExp, folder = src) =>
  specifiersOf(await readFile(join(folder, file), 'utf8'), pattern);

test.each(files)('%s imports only from the rooms that it may', async (file) => {
  const room = file.split('/')[0] as string;
  const allowed = mayImport[room];
  expect(allowed, `src/${room} is a room of the table`).toBeDefined();
  for (const specifier of await importsOf(file)) {
    if (!specifier.startsWith('.')) continue;
    const target = normalize(join(dirname(file), specifier));
    // The class names of the shipped models are data with a type.
    if (target === '../model/labels.d.ts') continue;
    // The trimmed runtimes are made by a script.
    if (/^\.\.\/dist\/runtime\/(ort(-started)?|version)\.(js|wasm)$/.test(target)) continue;
    expect([room, ...(allowed ?? [])], `${file} imports ${specifier}`).toContain(target.split('/')[0]);
  }
});

test('no files of src/, scripts/ and test/ import each other in a circle', async () => {
  expect(findCircles(await readImports(root, ['src', 'scripts', 'test']))).toEqual([]);
});

test('no room has more than 12 files beside its rooms', async () => {
  expect(await crowdedFolders(root, ['src', 'scripts'], 12)).toEqual([]);
});

test('scripts import nothing from test/', async () => {
  const folder = fileURLToPath(new URL('../../scripts/', import.meta.url));
  const scripts = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
  expect(scripts.length).toBeGreaterThan(0);
  for (const file of scripts)
    for (const specifier of await importsOf(file, undefined, folder))
      expect(join('scripts', dirname(file), specifier), file).not.toMatch(/^test\//);
});

test('the client gets the code of images by `import()`, when a page needs it', async () => {
  const client = files.filter((file) => file.startsWith('client/') && !file.endsWith('-web.ts'));
  for (const file of client) expect(await importsOf(file, /from '([^']*image\/[^']*)'/g)).toEqual([]);
});

test.each(files)('%s names a platform only behind the seam', async (file) => {
  const isPlatform = /-(workerd|web|node)\.ts$/.test(file);
  const isOfThePage = file.startsWith('local/');
  if (!isPlatform)
    expect(await readFile(join(src, file), 'utf8')).not.toMatch(/' in globalThis|globalThis\.\w+ \?\?/);
  const lazy = await importsOf(file, /import\(\s*'([^']+-(?:web|node)\.ts)'/g);
  for (const specifier of await importsOf(file)) {
    const isOurPlatform = specifier.startsWith('.') && /-(workerd|web|node)\.ts$/.test(specifier);
    const isPlatformModule = /\.wasm$|^node:|^cloudflare:|^onnxruntime-web/.test(specifier);
    const isForThePage = specifier.endsWith('-web.ts') && isOfThePage;
    if (isOurPlatform && !isForThePage && !lazy.includes(specifier))
      expect(
        isPlatform || /^(server|server-stock|local|node|stock|webgpu)\.ts$/.test(file),
        `${file} imports ${specifier}`,
      ).toBe(true);
    if (isPlatformModule && !isPlatform) {
      const text = await readFile(join(src, file), 'utf8');
      expect(text, `${file} imports ${specifier} as a type only`).toMatch(
        new RegExp(`import type [^;]*'${specifier.replaceAll(/[.*+?^$()[\]\\|]/g, '\\$&')}'`),
      );
    }
  }
});
