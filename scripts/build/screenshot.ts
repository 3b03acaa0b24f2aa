/**
 * Takes the picture of the demo page that the README shows, `docs/demo.png`, of a deployment on this machine.
 *
 *     node scripts/build/screenshot.ts
 *
 * Needs `npm run build` and a Chromium.
 */
import { launchChromium } from '../harness/servers/chromium.ts';
import { startHosted } from '../harness/servers/hosted.ts';

const hosted = await startHosted();
const browser = await launchChromium();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 830 }, colorScheme: 'light' });
  await page.goto(hosted.url);
  // Warm both sides up first, so that the last picture shows usual times.
  for (const sample of ['truck', 'frog', 'horse', 'deer', 'automobile']) {
    await page.locator(`#samples button[value*=${sample}]`).click();
    for (const side of ['hosted', 'local'])
      await page.locator(`#${side}-latency`, { hasText: /ms/ }).waitFor({ timeout: 60_000 });
    await page.locator('#agreement:not(:empty)').waitFor();
    await page.waitForTimeout(2_000);
  }
  await page.screenshot({ path: new URL('../../docs/demo.png', import.meta.url).pathname });
} finally {
  await browser.close();
  await hosted.stop();
}
