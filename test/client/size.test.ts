import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('the client with all it exports is 5.5 kB at most, and needs nothing else', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: ['src/index.ts'],
    outdir: 'out',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    write: false,
    metafile: true,
  });
  const [entry] = Object.keys(metafile.outputs).filter(
    (path) => metafile.outputs[path]?.entryPoint === 'src/index.ts',
  );
  const atOnce = new Set([entry as string]);
  for (const path of atOnce)
    for (const { path: other, kind } of metafile.outputs[path]?.imports ?? [])
      if (kind !== 'dynamic-import') atOnce.add(other);
  const loaded = outputFiles.filter(({ path }) => [...atOnce].some((output) => path.endsWith(output)));
  expect(loaded).toHaveLength(atOnce.size);

  const bytes = loaded.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  console.log(`client: ${bytes} bytes`);
  expect(bytes).toBeGreaterThan(1000);
  expect(bytes).toBeLessThanOrEqual(5632);

  for (const input of [...atOnce].flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {})))
    expect(input).toMatch(/^src\/(index|client\/|contract\/|util\/)/);
  // Nothing comes from elsewhere, now or later: what a page loads on demand is ours too.
  for (const input of Object.keys(metafile.inputs))
    expect(input).toMatch(/^src\/(index|client|contract|image|util)/);
  for (const path of Object.values(metafile.outputs).flatMap(({ imports }) => imports))
    expect(path.external).toBeFalsy();
});
