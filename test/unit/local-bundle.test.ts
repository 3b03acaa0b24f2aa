import { build, type Metafile } from 'esbuild';
import { expect, test } from 'vitest';

/** Bundles an application that imports these, as modules with code splitting. */
async function bundle(source: string): Promise<Metafile> {
  const { metafile } = await build({
    stdin: { contents: source, resolveDir: 'src', sourcefile: 'app.ts' },
    outdir: 'out',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
  });
  return metafile;
}

const usesOnnxruntime = ({ inputs }: Metafile) =>
  Object.keys(inputs).some((input) => input.includes('onnxruntime-web'));

test('unlabel/local brings the runtime and the code of images only with the first engine', async () => {
  const metafile = await bundle(
    `import { createLocalEngine } from './local.ts'; createLocalEngine({ model: 'a' });`,
  );
  const entry = Object.keys(metafile.outputs).filter((path) => metafile.outputs[path]?.entryPoint);
  const atOnce = new Set(entry.filter((path) => metafile.outputs[path]?.entryPoint === 'src/app.ts'));
  for (const path of atOnce)
    for (const { path: other, kind } of metafile.outputs[path]?.imports ?? [])
      if (kind !== 'dynamic-import') atOnce.add(other);
  const inputs = [...atOnce].flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {}));
  expect(inputs.length).toBeGreaterThan(5);
  // An element is taken before the call returns, and so before any code could be loaded.
  const atCall = /^src\/image\/(bitmap-web|sniff)\.ts$/;
  // A line, by which the download of the runtime begins before its code is there.
  const version = 'dist/runtime/version.js';
  for (const input of inputs.filter((input) => !atCall.test(input) && input !== version))
    expect(input).toMatch(/^src\/(app\.ts|local|contract|inference|util)/);
  expect(Object.keys(metafile.inputs)).toContain('src/inference/ort/core.ts');
  // Lookups, and what the page keeps, come with the first call of any of them.
  expect(inputs.filter((input) => /^src\/local\/(data|lookup)/.test(input))).toEqual([]);
  expect(Object.keys(metafile.inputs)).toContain('src/local/data/indexed-db-web.ts');
});

test.each([
  ['unlabel', `import { createClient } from './index.ts'; createClient({ url: '/' });`, false],
  [
    'unlabel/local',
    `import { createLocalEngine } from './local.ts'; createLocalEngine({ model: 'a' });`,
    false,
  ],
  ['unlabel/react', `export { useClassifier } from './react.ts';`, false],
  ['unlabel/webgpu', `export { webgpu } from './webgpu.ts';`, true],
  ['unlabel/stock', `export { stock } from './stock.ts';`, true],
])('a bundle with %s sees onnxruntime-web: %#', async (_, source, expected) => {
  expect(usesOnnxruntime(await bundle(source))).toBe(expected);
});
