import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { gatherModels } from '../../../scripts/build/gather-models.ts';
import { drawPng } from '../../../scripts/harness/inputs/draw-png.ts';
import { launchChromium } from '../../../scripts/harness/servers/chromium.ts';
import { startHosted } from '../../../scripts/harness/servers/hosted.ts';
import { type NamingPage, startNamingPage } from '../../../scripts/harness/servers/naming.ts';
import type { State } from '../../../scripts/naming/page/api.ts';
import type { Manifest } from '../../../src/contract/manifest.ts';
import { createClient } from '../../../src/index.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const count = 90;
let folder: string;
let model: string;
let address: string;
let naming: NamingPage;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unlabel-naming-'));
  model = join(folder, 'model/cifar10');
  await cp(`${root}model/cifar10`, model, { recursive: true });
  await mkdir(join(folder, 'images'));
  for (let i = 0; i < count; i++) await writeFile(join(folder, `images/${i}.png`), picture(i));
  await writeFile(join(folder, 'images/broken.png'), 'no picture');
  naming = await startNamingPage(model, join(folder, 'images'), join(folder, 'run'));
  address = naming.url;
  expect(naming.said).toContain('left out: broken.png');
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await naming?.stop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  complaints = [];
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (sent) => sent.url().startsWith(address) || complaints.push(sent.url()));
  page.on('dialog', (dialog) => dialog.accept());
  await page.goto(address);
  await page.locator('.class').first().waitFor();
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

/** A sky above water, a disc in a field, or stripes; of many colors. */
function picture(i: number): Uint8Array<ArrayBuffer> {
  const [red, green, blue] = [(i * 53) % 200, (i * 31) % 200, (i * 97) % 200] as const;
  const kinds = [
    (_: number, y: number) => (y < 12 + (i % 10) ? [150, 190, 230] : [30, red / 2, 120]),
    (x: number, y: number) =>
      Math.hypot(x - 16, y - 16) < 6 + (i % 7) ? [red, green, blue] : [60 + (i % 40), 120, 50],
    (x: number) => (Math.floor(x / (2 + (i % 4))) % 2 ? [red, green, blue] : [230, 230, 220]),
  ] as const;
  const kind = kinds[i % 3] as (x: number, y: number) => number[];
  return drawPng(32, 32, (x, y) => kind(x, y).map(Math.round) as [number, number, number]);
}

const state = async () => (await (await fetch(`${address}state`)).json()) as State;
const manifest = async () => JSON.parse(await readFile(join(model, 'manifest.json'), 'utf8')) as Manifest;

/** What the deployed model answers to all pictures: probabilities by label. */
async function served(): Promise<Map<string, number>[]> {
  await rm(join(folder, 'assets'), { recursive: true, force: true });
  await gatherModels(join(folder, 'model'), join(folder, 'assets'));
  const hosted = await startHosted({ assets: join(folder, 'assets') });
  try {
    const client = createClient({ url: hosted.url });
    const answers: Map<string, number>[] = [];
    for (let i = 0; i < count; i += 30) {
      const images = Array.from({ length: 30 }, (_, j) => picture(i + j));
      for (const { predictions } of await client.classify(images, { topK: 100 }))
        answers.push(new Map(predictions.map(({ label, score }) => [label, score])));
    }
    return answers;
  } finally {
    await hosted.stop();
  }
}

/** Waits for an image; `decode` would fail where another address is set meanwhile. */
const expectLoaded = (selector: string) =>
  expect
    .poll(() => page.locator(selector).evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBeGreaterThan(0);

/** Waits for the note of a status, which Chromium itself makes, and forgets it. */
async function expectComplaint(status: string): Promise<void> {
  await expect.poll(() => complaints).toEqual([expect.stringContaining(status)]);
  complaints = [];
}

/** Waits until the page has done an edit. */
const done = (status: 'Saved' | 'Not saved yet') =>
  page.locator('#status', { hasText: status }).waitFor({ timeout: 60_000 });

test('renaming, merging and splitting change what the deployed model answers', async () => {
  const before = await served();
  const { classes } = await state();
  const [largest, second, third] = classes
    .map(({ size, name }, number) => ({ size, name, number }))
    .sort((a, b) => b.size - a.size);
  if (!largest || !second || !third) throw new Error('The pictures fall into three classes at least');
  expect(third.size).toBeGreaterThan(0);

  await page.getByLabel(`Name of class ${largest.number + 1}`, { exact: true }).fill('made up');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Split made up' }).waitFor();
  await page.getByLabel(`Merge ${second.name}`).check();
  await page.getByLabel(`Merge ${third.name}`).check();
  await page.getByRole('button', { name: 'Merge 2' }).click();
  await expect.poll(async () => (await state()).classes.length).toBe(classes.length - 1);
  await page.getByRole('button', { name: 'Split made up' }).click();
  await page.getByRole('button', { name: 'Split made up 2' }).waitFor();
  const shown = await state();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await done('Saved');

  const told = await manifest();
  expect(told.classes).toEqual(shown.classes.map(({ name }) => name));
  expect(told.classNames).toBe('person');
  expect(told.training.stages?.naming).toBe(2);
  expect(told.files.every(({ metrics }) => metrics.accuracy === undefined)).toBe(true);
  expect(await readFile(join(folder, 'model/labels.d.ts'), 'utf8')).toContain("'made up 2'");
  expect(await readFile(join(model, 'card.md'), 'utf8')).toContain(
    '2 times a person merged or split classes',
  );
  // The files match their hashes and golden answers in onnxruntime-web, too.
  const checked = spawnSync(process.execPath, ['scripts/build/verify.ts', model], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(checked.stderr).toBe('');

  const after = await served();
  const differences = { merged: 0, split: 0, other: 0 };
  const halves = [0, 0];
  for (const [i, now] of after.entries()) {
    const then = before[i] as Map<string, number>;
    const was = (name: string) => then.get(name) as number;
    const is = (name: string) => now.get(name) as number;
    expect([...now.keys()].sort()).toEqual([...told.classes].sort());
    differences.merged += Math.abs(is(second.name) - was(second.name) - was(third.name)) / count;
    differences.split += Math.abs(is('made up') + is('made up 2') - was(largest.name)) / count;
    for (const name of then.keys())
      if (![largest.name, second.name, third.name].includes(name))
        differences.other = Math.max(differences.other, Math.abs(is(name) - was(name)));
    const [best] = now.keys();
    if (best === 'made up') halves[0] = (halves[0] as number) + 1;
    if (best === 'made up 2') halves[1] = (halves[1] as number) + 1;
  }
  expect(differences.merged).toBeLessThan(0.02);
  expect(differences.split).toBeLessThan(0.02);
  expect(differences.other).toBeLessThan(0.1);
  expect(Math.min(...halves)).toBeGreaterThan(0);
}, 180_000);

test('a few labels name the classes, and are written with all others', async () => {
  const fields = page.locator('#next form');
  const names = ['alpha', 'beta'];
  for (const name of names) {
    const form = fields.first();
    const picture = await form.locator('.picture').getAttribute('data-picture');
    await form.getByRole('combobox').fill(name);
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await state()).labels[String(picture)]).toBe(name);
    await page.locator(`#next [data-picture="${picture}"]`).waitFor({ state: 'detached' });
  }
  const { labels } = await state();
  await page.getByRole('button', { name: 'Name the classes by 2 labels' }).click();
  await done('Not saved yet');
  const named = (await state()).classes.map(({ name }) => name);
  expect(named.filter((name) => names.includes(name)).length).toBeGreaterThan(0);

  await page.getByRole('button', { name: 'Write a table and folders' }).click();
  await page.getByText(/^Written: /).waitFor();
  const lines = (await readFile(join(folder, 'run/labels.csv'), 'utf8')).trim().split('\r\n');
  expect(lines[0]).toBe('path,class,score');
  expect(lines).toHaveLength(count + 1);
  for (const [picture, name] of Object.entries(labels)) {
    const { path } = (await (await fetch(`${address}about/${picture}`)).json()) as { path: string };
    expect(lines).toContain(`${path},${name},1.0000`);
    expect(await readdir(join(folder, 'run/sorted', name))).toContain(path);
  }
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(async () => (await state()).classes.map(({ name }) => name)).not.toEqual(named);
});

test('what makes no sense is said, and changes nothing', async () => {
  const { classes } = await state();
  const field = page.getByLabel('Name of class 1', { exact: true });
  await field.fill(classes[1]?.name ?? '');
  await field.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'another class is called' }).waitFor();
  await expect.poll(() => field.inputValue()).toBe(classes[0]?.name);
  expect((await state()).classes).toEqual(classes);
  await expectComplaint('422');
});

test('the map shows the pictures, and a click shows one of them', async () => {
  await page.locator('.class .picture').first().click();
  await page.locator('#chosen').waitFor();
  expect(await page.locator('#path').textContent()).toMatch(/^\d+\.png$/);
  expect(await page.locator('#predictions li').count()).toBe(3);
  await expectLoaded('#large');
  await expect.poll(() => page.evaluate(() => scrollY)).toBeLessThan(300);
  const right = (selector: string) =>
    page.locator(selector).evaluate((element) => element.getBoundingClientRect().right);
  expect(await right('#chosen')).toBeLessThan(await right('#map-section'));

  // Few enough to be drawn as thumbnails, around the one that was chosen.
  const inks = () =>
    page.locator('#map').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
        0,
        0,
        canvas.width,
        canvas.height,
      );
      return new Set(new Uint32Array(data.buffer)).size;
    });
  await expect.poll(inks).toBeGreaterThan(200);
  await page.locator('#map').scrollIntoViewIfNeeded();
  await page.evaluate(() => scrollTo(0, 0));
  const box = await page.locator('#map').boundingBox();
  if (!box) throw new Error('The map is in sight');
  for (let y = 40; y < box.height && !(await page.locator('#tip').isVisible()); y += 12)
    for (let x = 120; x < box.width && !(await page.locator('#tip').isVisible()); x += 12)
      await page.mouse.move(box.x + x, box.y + y);
  await expectLoaded('#tip img');
});

test('the page fits a phone', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

test('a label goes to the picture that is shown, while another is on its way', async () => {
  const [first, second] = await page
    .locator('.class .picture')
    .evaluateAll((all) => all.slice(0, 2).map((each) => (each as HTMLElement).dataset.picture as string));
  await page.locator(`.class [data-picture="${first}"]`).first().click();
  await page.locator(`#large[src="picture/${first}"]`).waitFor();
  const held = Promise.withResolvers<void>();
  await page.route(`**/about/${second}`, async (route) => {
    await held.promise;
    await route.continue();
  });
  await page.locator(`.class [data-picture="${second}"]`).first().click();
  await page.locator('#label').fill('what is seen');
  await page.getByRole('button', { name: 'Label', exact: true }).click();
  await expect.poll(async () => Object.values((await state()).labels)).toContain('what is seen');
  held.resolve();
  await page.locator(`#large[src="picture/${second}"]`).waitFor();
  const { labels } = await state();
  expect([labels[String(first)], labels[String(second)]]).toEqual(['what is seen', undefined]);
  expect(await page.locator('#label').inputValue()).toBe('');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(async () => Object.values((await state()).labels)).not.toContain('what is seen');
});

test('edits go on after one whose map could not be read', async () => {
  const { classes } = await state();
  await page.route('**/points', (route) => route.fulfill({ status: 503, body: '' }), { times: 1 });
  const field = page.getByLabel('Name of class 1', { exact: true });
  await field.fill('first');
  await field.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'The server answered 503' }).waitFor();
  expect(await field.inputValue()).toBe('first');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => field.inputValue()).toBe(classes[0]?.name);
  expect((await state()).classes).toEqual(classes);
  await expectComplaint('503');
});

test('thumbnails that failed are fetched again', async () => {
  await page.route('**/sheet/0', (route) => route.fulfill({ status: 503, body: '' }), { times: 1 });
  const failed = page.waitForResponse((response) => response.status() === 503);
  await page.reload();
  await (await failed).finished();
  const arrived = page.waitForResponse('**/sheet/0');
  await page.getByRole('button', { name: 'All', exact: true }).click();
  expect((await arrived).status()).toBe(200);
  await expectComplaint('503');
});

/** A request as no page could send it. */
async function raw(path: string, headers: Record<string, string>, body?: string): Promise<[number, string]> {
  const sent = request(new URL(path, address), { method: body === undefined ? 'GET' : 'POST', headers });
  sent.end(body);
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return [response.statusCode, text];
}

const json = { 'content-type': 'application/json' };
test.each<[string, number, string, Record<string, string>, string?]>([
  ['no token', 404, '/state', {}],
  ['another token', 404, `/${'a'.repeat(32)}/state`, {}],
  ['another host', 403, 'state', { host: 'example.com' }],
  ['a name that is rebound', 403, 'state', { host: 'attacker.test:80' }],
  ['a form', 415, 'save', { 'content-type': 'text/plain' }, '{}'],
  ['a large body', 413, 'save', json, `"${'a'.repeat(70_000)}"`],
  ['a length that begins with zeros', 413, 'save', { ...json, 'content-length': '0000000009999999' }, '{}'],
  ['no JSON', 400, 'merge', json, '{'],
  ['a list', 400, 'merge', json, '[]'],
  ['deep JSON', 400, 'merge', json, '['.repeat(30_000)],
  ['no edit', 422, 'nothing', json, '{}'],
  ['a class that is none', 422, 'split', json, '{"class":1000}'],
  ['classes that are none', 422, 'merge', json, '{"classes":[0,"1"]}'],
  ['a picture that is none', 404, 'small/90', {}],
  ['a path', 404, 'small/..%2f..%2fetc', {}],
  ['a file beside the page', 404, 'about.py', {}],
  ['a sheet that is none', 404, 'sheet/7', {}],
])('%s is refused by %i', async (_, status, path, headers, body) => {
  const before = await state();
  const [answered, text] = await raw(path, headers, body);
  expect([answered, JSON.parse(text)]).toEqual([status, { detail: expect.any(String) }]);
  expect(text).not.toContain('Traceback');
  expect(await state()).toEqual(before);
});
