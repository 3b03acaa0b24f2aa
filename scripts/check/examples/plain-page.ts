import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { launchChromium } from '../../harness/servers/chromium.ts';
import { type Check, type Example, expectAnswer } from './example.ts';

const script = (url: string) => `
import { createLocalEngine } from 'unlabel/local';
const engine = createLocalEngine({ model: 'cifar10', baseUrl: '${url}' });
document.querySelector('input').onchange = async ({ target }) => {
  const { predictions: [best], source, device } = await engine.classify(target.files[0]);
  document.querySelector('output').textContent = [best.label, source, device].join(', ');
};`;

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
  return classify(example, '<script type="module" src="/public/main.js"></script>');
};

/** Imports the package without a bundler, and classifies the picture in a Worker of the page. */
export const checkImportMap: Check = async (example) => {
  const imports = { 'unlabel/local': '/node_modules/unlabel/dist/local.js' };
  return classify(
    example,
    `<script type="importmap">${JSON.stringify({ imports })}</script><script type="module">${script(example.url)}</script>`,
  );
};

async function classify({ folder, picture }: Example, scripts: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    if (pathname === '/')
      return response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(`<!doctype html><title>Page</title><input type="file"><output></output>${scripts}`);
    const file = await readFile(join(folder, pathname)).catch(() => undefined);
    return response.writeHead(file ? 200 : 404, { 'content-type': 'text/javascript' }).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.setInputFiles('input', picture);
    await page.locator('output:not(:empty)').waitFor();
    if (page.workers().length !== 1) throw new Error('Expected the network in a Worker, got it in the page');
    return expectAnswer(await page.textContent('output'), /^\w+, local, wasm$/);
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}
