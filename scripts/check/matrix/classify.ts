import { launchChromium } from '../../harness/servers/chromium.ts';
import { expectAnswer } from '../examples/example.ts';

/** Opens a page and lets it classify a picture. @returns its answer. @throws where it is none, or not of a Worker. */
export async function classifyInPage(url: string, picture: string): Promise<string> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (/error|warning/.test(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(url);
    try {
      await page.locator('body[data-ready]').waitFor();
      await page.setInputFiles('input', picture);
      await page.locator('output:not(:empty)').waitFor();
    } catch (error) {
      throw new Error(`The page does not answer. Its console: ${complaints.join('\n')}`, { cause: error });
    }
    if (page.workers().length !== 1)
      throw new Error(`Expected the network in a Worker, got it in the page. ${complaints.join('\n')}`);
    return expectAnswer(await page.textContent('output'), /^\w+, (worker, )?(wasm|webgpu)$/);
  } finally {
    await browser.close();
  }
}
