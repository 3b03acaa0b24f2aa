import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('the client with all it exports is 4.5 kB at most, and needs nothing else', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: ['src/index.ts'],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    write: false,
    metafile: true,
  });
  const [bundle] = outputFiles;
  const bytes = gzipSync(bundle?.contents ?? '', { level: 9 }).length;
  console.log(`client: ${bytes} bytes`);
  expect(bytes).toBeGreaterThan(1000);
  expect(bytes).toBeLessThanOrEqual(4608);
  expect(Object.values(metafile.outputs).flatMap((output) => output.imports)).toEqual([]);
  for (const input of Object.keys(metafile.inputs))
    expect(input).toMatch(/^src\/(index|client\/|contract\/)/);
});
