import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { errorCodes, type Problem } from '../../src/contract/errors.ts';
import type { Classification } from '../../src/index.ts';
import { launchChromium } from '../helpers/chromium.ts';
import { type Hosted, startHosted } from '../helpers/hosted.ts';
import { type Delivery, deliver, photo12MP, recordSent, sentBytes } from './deliver.ts';

let hosted: Hosted;
let browser: Browser;
let page: Page;
/** What the page must not do: write errors, or ask another origin. */
let complaints: string[];

beforeAll(async () => {
  const camera = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
  [hosted, browser] = await Promise.all([startHosted(), launchChromium(camera)]);
});
afterAll(async () => {
  await browser?.close();
  await hosted?.stop();
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(hosted.url) && !request.url().startsWith('blob:'))
      complaints.push(request.url());
  });
  await page.addInitScript(recordSent);
  await page.goto(hosted.url);
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

async function api<Answer>(bytes: Uint8Array<ArrayBuffer>): Promise<Answer> {
  const response = await fetch(`${hosted.url}/v1/classify`, { method: 'POST', body: bytes });
  return response.json() as Promise<Answer>;
}

/** Rows of the bar chart as [label, percentage], once an answer is there. */
async function bars(): Promise<[string, number][]> {
  await page.locator('#result[aria-busy=false] #predictions:not([aria-hidden])').waitFor();
  const rows = await page.locator('#predictions li').allInnerTexts();
  return rows.map((row) => {
    const [label = '', score = ''] = row.split(/\s+/);
    return [label, Number.parseFloat(score)];
  });
}

async function expectBarsOf(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const { predictions } = await api<Classification>(bytes);
  const expected = predictions.map(({ label, score }) => [label, expect.closeTo(score * 100, 1)]);
  expect(await bars()).toEqual(expected);
}

test('a sample gives five bars, best first, that are what the API answers to the same bytes', async () => {
  await page.getByRole('button', { name: 'A ship at sea' }).click();
  const scores = (await bars()).map(([, score]) => score);
  expect(scores).toHaveLength(5);
  expect(scores[0]).toBe(Math.max(...scores));
  await expectBarsOf(await sentBytes(page));
  expect(await page.locator('#latency').textContent()).toMatch(/^\d+ ms$/);
  expect(await page.locator('#model').textContent()).toMatch(/^cifar10 \d+\.\d+\.\d+$/);
});

test.each<Delivery>(['picked', 'dropped', 'pasted'])('a %s photo is sent as it is', async (delivery) => {
  const bytes = await readFile(new URL('../parity/fixtures/images/baseline-420.jpg', import.meta.url));
  await deliver(page, delivery, bytes, 'image/jpeg');
  await bars();
  expect(Buffer.from(await sentBytes(page)).equals(bytes)).toBe(true);
  await expectBarsOf(bytes);
});

test('a 12-megapixel photo on its side is sent upright and small', async () => {
  await deliver(page, 'dropped', await photo12MP(page), 'image/jpeg');
  await bars();
  expect(await page.locator('#sent').textContent()).toContain('768 × 1024');
});

test('a picture of the camera is classified', async () => {
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await page.waitForFunction(() => document.querySelector('video')?.videoWidth);
  await page.getByRole('button', { name: 'Take the picture' }).click();
  expect(await bars()).toHaveLength(5);
});

test('the latest picture wins', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(
    '**/v1/classify*',
    async (route) => {
      await held;
      await route.continue();
    },
    { times: 1 },
  );
  const given = page.waitForEvent('requestfailed');
  await page.getByRole('button', { name: 'A ship at sea' }).click();
  await page.waitForRequest('**/v1/classify*');
  await page.getByRole('button', { name: 'A green frog' }).click();
  expect((await given).failure()?.errorText).toContain('ABORTED');
  await bars();
  release();
  await expectBarsOf(await sentBytes(page));
});

test('a text file shows the sentence of the typed error', async () => {
  const bytes = Buffer.from('This is not a picture.');
  const { title, detail, type } = await api<Problem>(bytes);
  await deliver(page, 'picked', bytes, 'text/plain');
  const problem = page.getByRole('alert').filter({ hasText: title });
  await problem.waitFor();
  expect(await problem.textContent()).toBe(`${title}. ${detail}.`);
  expect(await problem.getByRole('link').getAttribute('href')).toBe(type);
  // Chromium itself notes the status of the answer.
  expect(complaints.splice(0)).toEqual([expect.stringContaining('415')]);
});

test.each(['/', '/docs'])('%s does not scroll sideways on a phone', async (path) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(hosted.url + path);
  await page
    .locator(path === '/' ? '#samples img' : '.operation')
    .first()
    .waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

test('the reference has every operation, and a place for every error code', async () => {
  await page.goto(`${hosted.url}/docs#overloaded`);
  await page.locator('.operation').first().waitFor();
  const { paths } = (await (await fetch(`${hosted.url}/openapi.json`)).json()) as {
    paths: Record<string, object>;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => method.toUpperCase() + path),
  );
  expect(await page.locator('.operation h3').allTextContents()).toEqual(operations);
  for (const [code, [status, title]] of Object.entries(errorCodes)) {
    expect(await page.locator(`#${code}`).textContent()).toBe(`${code}${status} ${title}`);
  }
  expect(await page.locator(':target').getAttribute('id')).toBe('overloaded');
  expect(await page.locator('main').textContent()).not.toMatch(/undefined|unknown\[\]|\[object/);
});
