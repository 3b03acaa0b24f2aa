import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { preview } from 'vite';
import { launchChromium } from '../../harness/servers/chromium.ts';
import { type Check, expectAnswer } from './example.ts';
import { run } from './package.ts';

/** Type-checks and builds the application, and classifies the picture in a browser, in a Worker of the page. */
export const checkViteReact: Check = async ({ folder, picture, url }) => {
  run(folder, {}, 'tsc');
  run(folder, { VITE_DEPLOYMENT: url }, 'vite', 'build', '--logLevel', 'warn');
  const built = await readdir(join(folder, 'dist'), { recursive: true });
  const modules = built.filter((file) => file.endsWith('.wasm'));
  if (modules.length > 0) throw new Error(`Expected no .wasm, as the deployment serves it, got ${modules}`);
  const served = await preview({ root: folder, preview: { port: 0, host: '127.0.0.1' }, logLevel: 'error' });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(served.resolvedUrls?.local[0] ?? '');
    await page.setInputFiles('input', picture);
    await page.locator(':is(output, [role=alert]):not(:empty)').first().waitFor();
    const answer = expectAnswer(await page.textContent('main'), /\w+, local, (wasm|webgpu)$/);
    if (page.workers().length !== 1) throw new Error('The network does not run in a Worker');
    return answer;
  } finally {
    await browser.close();
    await served.close();
  }
};
