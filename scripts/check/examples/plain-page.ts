import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { classifyInPage } from '../matrix/classify.ts';
import { html, page, script } from '../matrix/project.ts';
import { serveFolder } from '../matrix/serve.ts';
import type { Check, Example } from './example.ts';

/** Builds a page's script and the Worker as the documents tell, and classifies the picture in a Worker of the page. */
export const checkEsbuild: Check = async (example) => {
  const { folder, url } = example;
  await writeFile(join(folder, 'main.js'), script(url));
  await build({
    absWorkingDir: folder,
    entryPoints: ['main.js', 'node_modules/unlabel/dist/local/runtimes/worker-trimmed-web.js'],
    entryNames: '[name]',
    bundle: true,
    splitting: true,
    format: 'esm',
    outdir: 'public',
  });
  return classify(example, html('/public/main.js'));
};

/** Imports the package without a bundler, and classifies the picture in a Worker of the page. */
export const checkImportMap: Check = async (example) => {
  const imports = { 'unlabel/local': '/node_modules/unlabel/dist/local.js' };
  return classify(
    example,
    page(
      `<script type="importmap">${JSON.stringify({ imports })}</script><script type="module">${script(example.url)}</script>`,
    ),
  );
};

async function classify({ folder, picture }: Example, index: string): Promise<string> {
  await writeFile(join(folder, 'index.html'), index);
  const server = await serveFolder(folder);
  try {
    return await classifyInPage(server.url, picture);
  } finally {
    await server.stop();
  }
}
