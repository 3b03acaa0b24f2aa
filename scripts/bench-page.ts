/**
 * What inference in a page costs: bytes and time to the first prediction, on a first and on a later visit, and the
 * overhead of a call over the bare run of the network.
 *
 *     npm run bench:page
 */

import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { launchChromium, launchProfile } from '../test/helpers/chromium.ts';
import { startHosted } from '../test/helpers/hosted.ts';
import { servePage } from '../test/helpers/serve-page.ts';

const visits = 7;
const rounds = 15;
const repetitions = 20;

/**
 * A way to a server that counts what comes back, to the last byte of its headers.
 *
 * @param brotli - whether it lets nothing else be asked for. Cloudflare sends the runtime so; the development server
 * recodes it to gzip for a browser, which takes both.
 */
async function way(url: string, brotli: boolean): Promise<{ url: string; bytes(): number; stop(): void }> {
  let bytes = 0;
  const { hostname, port } = new URL(url);
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      far.write(brotli ? text.replace(/(?<=\r\naccept-encoding: )[^\r]*/i, 'br') : text, 'latin1');
    });
    near.on('end', () => far.end());
    far.on('data', (chunk) => {
      bytes += chunk.length;
    });
    far.pipe(near);
    for (const socket of [near, far]) socket.on('error', () => [near, far].map((each) => each.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => bytes,
    stop: () => void server.close(),
  };
}

async function open(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(scripts.url);
  return page;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

function milliseconds(times: number[]): string {
  const digits = median(times) < 20 ? 2 : 0;
  return `${median(times).toFixed(digits)} (${Math.min(...times).toFixed(digits)}-${Math.max(...times).toFixed(digits)})`;
}

const hosted = await startHosted();
const served = await servePage({ script: 'scripts/bench-page-script.ts' });
const scripts = await way(served.url, false);
const api = { deployed: await way(hosted.url, true), development: await way(hosted.url, false) };
const optionsOf = (baseUrl: string) => ({ model: 'cifar10', baseUrl });
const options = optionsOf(api.deployed.url);
const browser = await launchChromium();
try {
  console.log(
    `${cpus().length} x ${cpus()[0]?.model}, Chromium ${browser.version()}, load ${loadavg()[0]?.toFixed(1)}\n`,
  );
  console.log('| | first visit, MB | of it scripts | ms to a prediction | ms on later visits |');
  console.log('| --- | ---: | ---: | ---: | ---: |');
  for (const [name, { url, bytes }] of Object.entries(api)) {
    const [all, ours, cold, warm]: [number[], number[], number[], number[]] = [[], [], [], []];
    for (let visit = 0; visit < visits; visit++) {
      const profile = await mkdtemp(join(tmpdir(), 'unlabel-'));
      const context = await launchProfile(profile);
      const [bytesBefore, scriptsBefore] = [bytes(), scripts.bytes()];
      const page = await open(context);
      cold.push((await page.evaluate((options) => bench.first(options), optionsOf(url))).time);
      ours.push(scripts.bytes() - scriptsBefore);
      all.push(bytes() - bytesBefore + scripts.bytes() - scriptsBefore);
      await page.evaluate(() => bench.stored(3));
      await page.close();
      const again = await open(context);
      warm.push((await again.evaluate((options) => bench.first(options), optionsOf(url))).time);
      await context.close();
      await rm(profile, { recursive: true });
    }
    const mega = (bytes: number[]) => (median(bytes) / 1e6).toFixed(2);
    console.log(`| ${name} | ${mega(all)} | ${mega(ours)} | ${milliseconds(cold)} | ${milliseconds(warm)} |`);
  }

  const page = await open(await browser.newContext());
  const times = await page.evaluate(
    ([options, rounds, repetitions]) => bench.steady(options, rounds, repetitions),
    [options, rounds, repetitions] as const,
  );
  const bare = times['bare session.run'] as number[];
  console.log('\n| | ms, median (range) | over bare run |\n| --- | ---: | ---: |');
  for (const [way, measured] of Object.entries(times)) {
    const ratio = median(measured.map((time, i) => time / (bare[i] as number)));
    console.log(`| ${way} | ${milliseconds(measured)} | ${ratio.toFixed(2)} |`);
  }
} finally {
  await browser.close();
}

const withGpu = await launchChromium([
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--use-webgpu-adapter=swiftshader',
]);
try {
  const page = await open(await withGpu.newContext());
  const time = await page.evaluate((options) => bench.webgpu(options, 5), options);
  console.log(
    time === undefined ? '\nNo WebGPU here.' : `\nWebGPU on a software adapter: ${time.toFixed(0)} ms`,
  );
} finally {
  await withGpu.close();
  for (const { stop } of [scripts, api.deployed, api.development]) stop();
  await Promise.all([served.stop(), hosted.stop()]);
}
