/** Measures how fast the naming page opens, and what memory the browser takes. See `--help`. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { fail, parseCommand } from '../harness/command.ts';
import { quantile } from '../harness/quantile.ts';
import { launchChromium } from '../harness/servers/chromium.ts';
import { startNamingPage } from '../harness/servers/naming.ts';

const help = `Usage: npm run bench -- naming --images DIR [--model NAME]

Serves the page of npm run name-classes with all pictures of a folder. Prints how long it looked at them, how long the page
takes to show map and classes in a new Chromium (median and longest of 5), and the memory of all processes of one more
Chromium (proportional set size) after zooming in at nine places and scrolling to the end.

  --model NAME  (default: cifar10)
  --run DIR     keeps what it found of the pictures there; a second run is then ready in seconds`;
const { values } = parseCommand(help, {
  images: { type: 'string' },
  model: { type: 'string', default: 'cifar10' },
  run: { type: 'string' },
});
if (!values.images) fail('--images: expected a folder of pictures', help);
const run = values.run ?? (await mkdtemp(join(tmpdir(), 'unlabel-naming-')));
try {
  const naming = await startNamingPage(values.model, values.images, run);
  try {
    console.log(`ready after ${naming.seconds.toFixed(0)} s`);
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push(await withPage((page) => open(page, naming.url)));
    console.log(`opens in ${quantile(times).toFixed(0)} ms, at most ${Math.max(...times).toFixed(0)} ms`);
    const [blank, memory] = await withPage((page) => look(page, naming.url));
    const mebi = (kibi: number) => `${(kibi / 1024).toFixed(0)} MiB`;
    console.log(`memory of the browser: ${mebi(memory)}, of which an empty page takes ${mebi(blank)}`);
  } finally {
    await naming.stop();
  }
} finally {
  if (!values.run) await rm(run, { recursive: true });
}

/** Works with a page of a new Chromium. */
async function withPage<Result>(work: (page: Page) => Promise<Result>): Promise<Result> {
  const browser = await launchChromium();
  try {
    return await work(await browser.newPage({ viewport: { width: 1280, height: 900 } }));
  } finally {
    await browser.close();
  }
}

/** Opens the naming page. @returns the milliseconds until it shows map and classes. */
async function open(page: Page, url: string): Promise<number> {
  const began = performance.now();
  await page.goto(url);
  await page.locator('.class').first().waitFor();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  return performance.now() - began;
}

/** Zooms in at nine places, and scrolls to the end. @returns the memory before the page is opened, and after all. */
async function look(page: Page, url: string): Promise<[blank: number, memory: number]> {
  const blank = await memoryOfChildren();
  await open(page, url);
  const box = await page.locator('#map').boundingBox();
  if (!box) throw new Error('The page has no map');
  for (const [x, y] of [0.25, 0.5, 0.75].flatMap((x) => [0.25, 0.5, 0.75].map((y) => [x, y] as const))) {
    await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
    for (let turns = 0; turns < 8; turns++) await page.mouse.wheel(0, -150);
    await page.waitForLoadState('networkidle');
    await page.locator('#fit').click();
  }
  await page.evaluate(async () => {
    for (let y = 0; y < document.body.scrollHeight; y += innerHeight) {
      scrollTo(0, y);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  });
  await page.waitForLoadState('networkidle');
  return [blank, await memoryOfChildren()];
}

/** Proportional set size in KiB of the Chromium that this process started. */
async function memoryOfChildren(): Promise<number> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc'))
    if (/^\d+$/.test(name)) {
      const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
      if (/^Name:\t(chrom|headless)/m.test(status))
        parents.set(Number(name), Number(/^PPid:\t(\d+)/m.exec(status)?.[1]));
    }
  const isOurs = (pid: number): boolean =>
    pid === process.pid || (parents.has(pid) && isOurs(parents.get(pid) as number));
  let total = 0;
  for (const pid of parents.keys())
    if (isOurs(pid)) {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
      total += Number(/^Pss: +(\d+)/m.exec(rollup)?.[1] ?? 0);
    }
  return total;
}
