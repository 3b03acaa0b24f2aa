import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles the command line of `unlabel-server`.
 *
 * @param root - folder of the repository.
 * @param out - folder of the program `unlabel-server.js`, and of the chunks that it loads.
 */
export async function bundleCommandLine(root: string, out: string): Promise<void> {
  await build({
    entryPoints: [join(root, 'scripts/command-line/unlabel-server.ts')],
    outdir: out,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
}
