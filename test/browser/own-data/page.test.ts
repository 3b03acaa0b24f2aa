/** Classes of one's own on the demo page. */
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { drawPng } from '../../../scripts/harness/inputs/draw-png.ts';
import { launchChromium } from '../../../scripts/harness/servers/chromium.ts';
import { type Hosted, startHosted } from '../../../scripts/harness/servers/hosted.ts';
import { deliver } from '../deliver.ts';

let hosted: Hosted;
let browser: Browser;
let page: Page;
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
  await page.goto(hosted.url);
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

/** Waits for the classes of the page, with their numbers of pictures. */
const expectChips = (expected: string[]) => expect.poll(chips).toEqual(expected);
const chips = () => page.locator('#own-list li button:first-child').allTextContents();
const add = () => page.getByRole('button', { name: 'Add what you see', exact: true }).click();
const verdict = (text: string | RegExp) => page.locator('#own-verdict', { hasText: text }).waitFor();
const bars = () => page.locator('#own-predictions li span:first-child').allTextContents();

test('three clicks make two classes from the camera, which are there at the next visit', async () => {
  await page.getByText('ready').waitFor();
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await page.locator('#viewfinder:not([hidden])').waitFor();
  await add();
  await verdict('Class 1');
  await add();
  await expectChips(['Class 1 1', 'Class 2 1']);
  await expect.poll(async () => (await bars()).toSorted()).toEqual(['Class 1', 'Class 2']);

  await page.reload();
  await expectChips(['Class 1 1', 'Class 2 1']);
  await page.getByRole('button', { name: 'A ship at sea' }).click();
  await verdict(/Class \d/);
});

test('pictures of files, another one by a click, and none of these', async () => {
  const files = await Promise.all(
    [0, 1, 2].map(async (i) => ({
      name: `${i}.png`,
      mimeType: 'image/png',
      buffer: Buffer.from(drawPng(64, 64, (x, y) => [200 + 10 * i, x + 20 * i, y])),
    })),
  );
  await page.getByLabel('Name of the class').fill('red');
  await page.getByLabel('Add pictures to the class').setInputFiles(files);
  await expectChips(['red 3']);
  await page.getByRole('button', { name: 'A green frog' }).click();
  await verdict('None of these');
  await page.getByRole('button', { name: 'Add what you see to red' }).click();
  await expectChips(['red 4']);

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save the classes' }).click(),
  ]);
  const saved = await readFile((await download.path()) as string);
  await page.getByRole('button', { name: 'Remove red' }).click();
  await page.getByText('Your classes').waitFor();
  await expectChips([]);
  await page
    .getByLabel('Open saved classes')
    .setInputFiles({ name: 'mine.bin', mimeType: 'application/octet-stream', buffer: saved });
  await expectChips(['red 4']);
  await page
    .getByLabel('Open saved classes')
    .setInputFiles({ name: 'mine.bin', mimeType: 'text/plain', buffer: Buffer.from('no') });
  await page.getByRole('alert').filter({ hasText: 'index file' }).waitFor();
  expect(await chips()).toEqual(['red 4']);
});

test('the page says when the network sees none of its classes, as the endpoint does', async () => {
  const rings = drawPng(64, 64, (x, y) => {
    const light = Math.hypot(x - 32, y - 32) % 8 < 4 ? 255 : 0;
    return [light, 0, 255 - light];
  });
  const answer = await fetch(`${hosted.url}/v1/classify?method=neighbors`, { method: 'POST', body: rings });
  expect(await answer.json()).toMatchObject({ unknown: true });
  await deliver(page, 'picked', rings, 'image/png');
  await page.getByText('The same answer, digit for digit.').waitFor();
  expect(await page.locator('#unknown').textContent()).toBe('Perhaps none of these');
  await page.getByRole('button', { name: 'A ship at sea' }).click();
  await expect.poll(() => page.locator('#status').textContent()).toMatch(/^ship/);
  expect(await page.locator('#unknown').textContent()).toBe('');
});
