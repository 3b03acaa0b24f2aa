import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchChromium } from '../../scripts/harness/servers/chromium.ts';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';
import { errorCodes } from '../../src/contract/error-codes.ts';
import type { Problem } from '../../src/contract/errors.ts';
import { tensorMediaType } from '../../src/contract/wire.ts';
import type { Classification, SearchResult } from '../../src/index.ts';
import { type Delivery, deliver, photo12MP, recordSent, sentBytes } from './deliver.ts';

let hosted: Hosted;
let browser: Browser;
let page: Page;
/** What the page must not do: write errors, or ask another origin. */
let complaints: string[];
/** What a test itself brings about. */
let isExpected: (complaint: string) => boolean;

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
  isExpected = () => false;
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
  expect(complaints.filter((text) => !isExpected(text))).toEqual([]);
});

async function api<Answer>(
  body: Uint8Array<ArrayBuffer>,
  type = 'application/octet-stream',
  path = '/v1/classify?method=neighbors',
): Promise<Answer> {
  const headers = { 'content-type': type };
  const response = await fetch(hosted.url + path, { method: 'POST', headers, body });
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

async function expectBarsOf(bytes: Uint8Array<ArrayBuffer>, type?: string, path?: string): Promise<void> {
  const { predictions } = await api<Classification>(bytes, type, path);
  const expected = predictions.slice(0, 5).map(({ label, score }) => [label, expect.closeTo(score * 100, 1)]);
  expect(await bars()).toEqual(expected);
}

/** A column of the table of the two that answer. */
async function column(source: 'hosted' | 'local'): Promise<(string | null)[]> {
  const rows = ['best', 'latency', 'sent', 'device'];
  return Promise.all(rows.map((row) => page.locator(`#${source}-${row}`).textContent()));
}

test('endpoint and page answer the same, side by side', async () => {
  await page.getByRole('button', { name: 'A ship at sea' }).click();
  const scores = (await bars()).map(([, score]) => score);
  expect(scores).not.toEqual([]);
  expect(scores[0]).toBe(Math.max(...scores));
  await page.getByText('The same answer, digit for digit.').waitFor();
  await expectBarsOf(await sentBytes(page), tensorMediaType);
  const [best, latency, ...others] = await column('hosted');
  expect(latency).toMatch(/^[\d.,]+ ms$/);
  expect(others).toEqual(['3 kB', 'WebAssembly']);
  expect(await column('local')).toEqual([
    best,
    expect.stringMatching(/^[\d.,]+ ms$/),
    'nothing',
    'WebAssembly',
  ]);
  expect(await page.locator('#reason').textContent()).toMatch(/^WASM/);
  expect(await page.locator('#model').textContent()).toMatch(/^cifar10 \d+\.\d+\.\d+$/);
});

test('labeled photos name a picture at first, and the network’s own classes where they are chosen', async () => {
  await page.getByRole('button', { name: 'A ship at sea' }).click();
  const named = await bars();
  const accuracy = await page.locator('#accuracy').textContent();
  await page.getByText('The network’s own classes').click();
  await expect.poll(bars).not.toEqual(named);
  await page.getByText('The same answer, digit for digit.').waitFor();
  await expectBarsOf(await sentBytes(page), tensorMediaType, '/v1/classify');
  expect(await page.locator('#accuracy').textContent()).not.toBe(accuracy);
  await page.getByText('Nearest labeled photos').click();
  await expect.poll(bars).toEqual(named);
});

test.each<Delivery>(['picked', 'dropped', 'pasted'])('a %s photo is classified', async (delivery) => {
  const bytes = await readFile(new URL('../parity/fixtures/images/baseline-420.jpg', import.meta.url));
  await deliver(page, delivery, bytes, 'image/jpeg');
  await expectBarsOf(bytes);
  await page.getByText('The same answer, digit for digit.').waitFor();
});

test('of a 12-megapixel photo 3 kB are sent', async () => {
  await deliver(page, 'dropped', await photo12MP(page), 'image/jpeg');
  await bars();
  expect(await sentBytes(page)).toHaveLength(32 * 32 * 3);
});

test('the camera is classified live, and a picture of it stays', async () => {
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await page.getByText(/^The (same answer|same class)/).waitFor();
  const frames = new Set<string | null>();
  await expect
    .poll(async () => frames.add(await page.locator('#hosted-best').textContent()).size)
    .toBeGreaterThan(1);

  await page.getByRole('button', { name: 'Take the picture' }).click();
  await page.locator('#preview:not([hidden])').waitFor();
  expect(await page.locator('#viewfinder').isVisible()).toBe(false);
  expect(await page.evaluate(() => document.querySelector('video')?.srcObject)).toBeNull();
  await page.getByRole('button', { name: 'Use the camera' }).waitFor();
});

test('another picture ends the camera', async () => {
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await page.getByRole('button', { name: 'Take the picture' }).waitFor();
  await page.getByRole('button', { name: 'A ship at sea' }).click();
  await page.locator('#preview:not([hidden])').waitFor();
  expect(await page.evaluate(() => document.querySelector('video')?.srcObject)).toBeNull();
  await page.getByText('The same answer, digit for digit.').waitFor();
});

test('where the endpoint fails the page answers, and where the model cannot be loaded the endpoint', async () => {
  // Chromium itself notes what could not be had.
  isExpected = (text) => text.includes('Failed to load resource');
  await page.getByText('ready').waitFor();
  await page.route('**/v1/classify*', (route) => route.abort());
  await page.getByRole('button', { name: 'A ship at sea' }).click();
  expect(await bars()).not.toEqual([]);
  await page.getByText('no answer').waitFor();
  expect((await column('hosted'))[0]).toBe('no answer');

  await page.unrouteAll();
  await page.evaluate(() => caches.delete('unlabel'));
  await page.route('**/*.onnx*', (route) => route.abort());
  await page.reload();
  await page.getByText('cannot be loaded').waitFor();
  await page.getByRole('button', { name: 'A green frog' }).click();
  expect(await bars()).not.toEqual([]);
  expect((await column('hosted'))[3]).toBe('WebAssembly');
});

test('the map shows the photographs of the model, and the picture among them', async () => {
  const drawn = () =>
    page.evaluate(() => {
      const canvas = document.querySelector('canvas') as HTMLCanvasElement;
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value > 0).length;
    });
  await page.locator('#map-section').waitFor();
  expect(await page.locator('#legend li').count()).toBe(10);
  await expect.poll(drawn).toBeGreaterThan(5000);
  const dots = await drawn();
  await page.getByRole('button', { name: 'A ship at sea' }).click();
  const nearest = page.locator('#neighbors li span:first-child');
  await nearest.first().waitFor();
  const path = '/v1/search?namespace=gallery&topK=5';
  const { matches } = await api<SearchResult>(await sentBytes(page), tensorMediaType, path);
  expect(await nearest.allTextContents()).toEqual(matches.map(({ metadata }) => metadata.label));
  expect(await drawn()).not.toBe(dots);
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
  const asked = page.waitForRequest('**/v1/classify*');
  await page.getByRole('button', { name: 'A ship at sea' }).click();
  await asked;
  await page.getByRole('button', { name: 'A green frog' }).click();
  expect((await given).failure()?.errorText).toContain('ABORTED');
  await bars();
  release();
  await page.getByText('The same answer, digit for digit.').waitFor();
  await expectBarsOf(await sentBytes(page), tensorMediaType);
});

test('a text file shows the sentence of the typed error', async () => {
  const bytes = Buffer.from('This is not a picture.');
  const { title, detail, type } = await api<Problem>(bytes);
  await deliver(page, 'picked', bytes, 'text/plain');
  const problem = page.getByRole('alert').filter({ hasText: title });
  await problem.waitFor();
  expect(await problem.textContent()).toBe(`${title}. ${detail}.`);
  const address = await problem.getByRole('link').evaluate((link) => (link as HTMLAnchorElement).href);
  expect(address).toBe(hosted.url + type);
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
