import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { pngPictures } from '../../scripts/harness/inputs/pictures.ts';
import type { Manifest } from '../../src/contract/manifest.ts';
import { codecs } from '../../src/image/codecs/codecs-node.ts';
import { prepareImage } from '../../src/image/prepare.ts';
import { classify } from '../../src/inference/classify.ts';
import { Model } from '../../src/inference/model.ts';
import { nodeRuntime } from '../../src/inference/runtime/runtime-node.ts';
import { folderSource } from '../../src/inference/source-node.ts';
import { base64, bestOf, largest, type Site, scoresOf, softwareGpu, startSite } from './site.ts';

// An adapter in software takes minutes to compile its shaders on a busy machine.
vi.setConfig({ testTimeout: 600_000 });

const folder = fileURLToPath(new URL('../../model/cifar10/', import.meta.url));
const { version }: Manifest = JSON.parse(readFileSync(`${folder}manifest.json`, 'utf8'));

let site: Site;
beforeAll(async () => {
  site = await startSite({ flags: softwareGpu });
});
afterAll(() => site?.stop());

/** Opens the network in a page; `fastEnough: 0` so that no speed of this machine's WASM spares the comparison. */
const openIn = (page: Page, device: 'auto' | 'webgpu' = 'auto') =>
  page.evaluate(
    async ({ baseUrl, device }) => {
      const options = { model: 'cifar10', baseUrl, device, webgpu: unlabel.webgpu };
      try {
        const { host, device, reason } = await unlabel.open(options, 0);
        host.dispose();
        return { device, reason };
      } catch (error) {
        return { code: (error as { code: string }).code, reason: (error as Error).message };
      }
    },
    { baseUrl: site.hosted.url, device },
  );

/** Stores timings as an earlier visit would. */
const rememberWinner = (page: Page, winner: 'wasm' | 'webgpu', model = version) =>
  page.evaluate(
    async ({ baseUrl, winner, model }) => {
      const times = winner === 'wasm' ? { wasm: 1.5, webgpu: 9.5 } : { wasm: 9.5, webgpu: 1.5 };
      localStorage.setItem(
        `unlabel:device:${baseUrl}/v1/models/cifar10`,
        JSON.stringify({ ...times, model, runtime: unlabel.runtimeVersion }),
      );
    },
    { baseUrl: site.hosted.url, winner, model },
  );

/** Changes the manifest on its way to the page. */
const changeManifest = (page: Page, change: (manifest: Manifest) => void) =>
  page.route('**/v1/models/cifar10', async (route) => {
    const response = await route.fetch();
    const manifest: Manifest = await response.json();
    change(manifest);
    await route.fulfill({ response, json: manifest });
  });

test('WebGPU in fp32 gives the answers of fp32 on WASM, for 100 pictures', async () => {
  const reference = await Model.load(folderSource(folder), nodeRuntime, 'fp32');
  const page = await site.open();
  await page.evaluate(async (baseUrl) => {
    globalThis.engine = unlabel.createLocalEngine({
      model: 'cifar10',
      baseUrl,
      device: 'webgpu',
      webgpu: unlabel.webgpu,
    });
    await engine.ready;
  }, site.hosted.url);
  expect(await page.evaluate(() => [engine.device, engine.reason])).toEqual([
    'webgpu',
    'WebGPU: it was asked for',
  ]);
  const pictures = pngPictures(100);
  let furthest = 0;
  for (let start = 0; start < pictures.length; start += 20) {
    const part = pictures.slice(start, start + 20);
    const answers = await page.evaluate(
      (files) =>
        engine.classify(
          files.map((file) => unlabel.bytesOf(file)),
          { topK: 1000 },
        ),
      part.map(({ bytes }) => base64(bytes)),
    );
    const inputs = await Promise.all(
      part.map(({ bytes }) => prepareImage(bytes, reference.manifest.input, codecs)),
    );
    const expected = await classify(reference, inputs, { topK: 1000 });
    for (const [i, { name }] of part.entries()) {
      const [mine, theirs] = [scoresOf(answers[i] as never), scoresOf(expected[i] ?? { predictions: [] })];
      expect(answers[i]).toMatchObject({ source: 'local', device: 'webgpu' });
      expect(largest(mine, theirs), name).toBeLessThanOrEqual(1e-3);
      expect(bestOf(mine), name).toBe(bestOf(theirs));
      furthest = Math.max(furthest, largest(mine, theirs));
    }
  }
  console.log(`WebGPU against fp32 on WASM: largest difference ${furthest}`);
  await page.context().close();
});

test('auto times both devices on this machine, takes the faster one and remembers it', async () => {
  const page = await site.open();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  const first = await openIn(page);
  const [, name, time, other] =
    /^(\w+): faster on this machine, ([\d.]+) ms against ([\d.]+)$/.exec(first.reason) ?? [];
  expect(Number(time)).toBeLessThanOrEqual(Number(other));
  expect(name?.toLowerCase()).toBe(first.device);
  expect(requests.some((url) => url.endsWith('.jspi.wasm'))).toBe(true);

  // A software adapter is slower: the second visit does without it.
  expect(first.device).toBe('wasm');
  requests.length = 0;
  await page.reload();
  expect(await openIn(page)).toEqual(first);
  expect(requests.filter((url) => /jspi|fp32|webgpu/.test(url))).toEqual([]);
  await page.context().close();
});

test('auto takes WebGPU if it was faster', async () => {
  const page = await site.open();
  await rememberWinner(page, 'webgpu');
  expect(await openIn(page)).toEqual({
    device: 'webgpu',
    reason: 'WebGPU: faster on this machine, 1.5 ms against 9.5',
  });
  await page.context().close();
});

test('timings of another version are measured again', async () => {
  const page = await site.open();
  await rememberWinner(page, 'wasm', '0.9.0');
  expect((await openIn(page)).reason).not.toContain('1.5 ms against 9.5');
  await page.context().close();
});

test('auto falls back on WASM if the WebGPU build cannot be downloaded', async () => {
  const page = await site.open();
  await rememberWinner(page, 'webgpu');
  await page.route('**/*.jspi.wasm', (route) => route.fulfill({ status: 404 }));
  const { device, reason } = await openIn(page);
  expect(device).toBe('wasm');
  expect(reason).toMatch(/^WASM: WebGPU failed \(The runtime .* was answered with HTTP 404/);
  await page.context().close();
});

test('WebGPU that does not give the golden output is not used', async () => {
  const page = await site.open();
  await rememberWinner(page, 'webgpu');
  await changeManifest(page, ({ golden }) => {
    golden.outputs.fp32?.probabilities.reverse();
  });
  const { device, reason } = await openIn(page);
  expect(device).toBe('wasm');
  expect(reason).toContain("WebGPU failed (The model's golden output is off by");
  expect(await openIn(page, 'webgpu')).toMatchObject({ code: 'model_unavailable' });
  await page.context().close();
});

test('int8 never runs on WebGPU', async () => {
  const page = await site.open();
  await changeManifest(page, (manifest) => {
    manifest.files = manifest.files.filter(({ precision }) => precision === 'int8');
  });
  const reason = 'the model has no fp16 or fp32 weights';
  expect(await openIn(page)).toEqual({ device: 'wasm', reason: `WASM: ${reason}` });
  expect(await openIn(page, 'webgpu')).toEqual({
    code: 'model_unavailable',
    reason: `WebGPU was asked for, but ${reason}`,
  });
  await page.context().close();
});

test('without storage the timings are remembered for the page', async () => {
  const page = await (await site.browser.newContext()).newPage();
  await page.addInitScript(() => {
    for (const name of ['localStorage', 'caches'])
      Object.defineProperty(globalThis, name, {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      });
  });
  await page.goto(site.served.url);
  const first = await openIn(page);
  expect(first.device).toBe('wasm');
  expect(await openIn(page)).toEqual(first);
  await page.context().close();
});
