import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../../scripts/harness/servers/chromium.ts';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';
import { type ServedPage, servePage } from '../../scripts/harness/servers/serve-page.ts';

/** Flags for a WebGPU adapter in software. */
export const softwareGpu = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

/** A deployment, and a page of another origin in a browser. */
export interface Site {
  hosted: Hosted;
  served: ServedPage;
  browser: Browser;
  /** Opens the page in a profile of its own: nothing is stored yet. */
  open(): Promise<Page>;
  stop(): Promise<void>;
}

/**
 * @param aliases - other names of this machine under which the pages are opened.
 */
export async function startSite({
  flags = [],
  otherPages = [],
  aliases = [],
  ...page
}: { flags?: string[]; otherPages?: ServedPage[]; aliases?: string[] } & Parameters<
  typeof servePage
>[0] = {}): Promise<Site> {
  const served = await servePage(page);
  const origins = [served, ...otherPages].map(({ url }) => new URL(url).origin);
  const aliased = aliases.flatMap((name) => origins.map((origin) => origin.replace('127.0.0.1', name)));
  const [hosted, browser] = await Promise.all([
    // Without keys, only pages of listed origins may use the store.
    startHosted({ vars: { ALLOWED_ORIGINS: [...origins, ...aliased].join(' ') } }),
    launchChromium(flags),
  ]);
  return {
    hosted,
    served,
    browser,
    async open() {
      const page = await (await browser.newContext()).newPage();
      await page.goto(served.url);
      return page;
    },
    async stop() {
      await browser.close();
      await Promise.all([served.stop(), hosted.stop()]);
    },
  };
}

/** Bytes on their way into a page. */
export const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** The score of every class by its index. */
export function scoresOf({ predictions }: { predictions: { index: number; score: number }[] }): number[] {
  const scores: number[] = [];
  for (const { index, score } of predictions) scores[index] = score;
  return scores;
}

/** Index of the best class. */
export const bestOf = (scores: number[]) => scores.indexOf(Math.max(...scores));

/** The largest difference between two lists. */
export const largest = (a: number[], b: number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));
