import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('unlabel/local brings onnxruntime-web and the code of images only with the first engine', async () => {
  const { metafile } = await build({
    entryPoints: ['src/local.ts'],
    outdir: 'out',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
  });
  const entry = Object.keys(metafile.outputs).filter(
    (path) => metafile.outputs[path]?.entryPoint === 'src/local.ts',
  );
  const atOnce = new Set(entry);
  for (const path of atOnce)
    for (const { path: other, kind } of metafile.outputs[path]?.imports ?? [])
      if (kind !== 'dynamic-import') atOnce.add(other);
  const inputs = [...atOnce].flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {}));
  expect(inputs.length).toBeGreaterThan(5);
  // An element is taken before the call returns, and so before any code could be loaded.
  const atCall = /^src\/image\/(bitmap-web|sniff)\.ts$/;
  for (const input of inputs.filter((input) => !atCall.test(input)))
    expect(input).toMatch(/^src\/(local|contract|inference|util)/);
  expect(Object.keys(metafile.inputs).some((input) => input.includes('onnxruntime-web'))).toBe(true);
});
