import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('the client is 4 kB at most before its first call, 12 kB with it, and needs nothing else', async () => {
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
  expect(bytes).toBeLessThanOrEqual(4096);

  // What the first call loads, but for the code of pixels.
  const calls = new Set(
    Object.keys(metafile.outputs).filter(
      (path) => metafile.outputs[path]?.entryPoint === 'src/client/calls.ts',
    ),
  );
  for (const path of calls)
    for (const { path: other, kind } of metafile.outputs[path]?.imports ?? [])
      if (kind !== 'dynamic-import' && !atOnce.has(other)) calls.add(other);
  const later = outputFiles.filter(({ path }) => [...calls].some((output) => path.endsWith(output)));
  const callBytes = later.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  console.log(`its first call: ${callBytes} bytes`);
  expect(callBytes).toBeGreaterThan(1000);
  expect(bytes + callBytes).toBeLessThanOrEqual(12_288);

  for (const input of [...atOnce].flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {})))
    expect(input).toMatch(/^src\/(index|client\/|contract\/|util\/)/);
  // Nothing comes from elsewhere, now or later: what a page loads on demand is ours too.
  for (const input of Object.keys(metafile.inputs))
    expect(input).toMatch(/^src\/(index|client|contract|image|util)/);
  for (const path of Object.values(metafile.outputs).flatMap(({ imports }) => imports))
    expect(path.external).toBeFalsy();
});
