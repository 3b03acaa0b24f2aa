import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

/** Keeps the browser off the network, and lets it run as root in a container. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a headless Chromium with a new profile. */
export async function launchChromium(args: string[] = []): Promise<Browser> {
  return chromium.launch(await options(args));
}

async function options(args: string[]) {
  return { executablePath: findChromium() ?? (await install()), args: [...quiet, ...args] };
}

/** Finds a Chromium: `CHROMIUM_PATH`, the system's, or the one in Playwright's cache. */
function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return [process.env.CHROMIUM_PATH ?? '', ...candidates, chromium.executablePath()].find((path) =>
    existsSync(path),
  );
}

async function install(): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve('playwright-core/package.json');
  try {
    await promisify(execFile)(process.execPath, [join(manifest, '../cli.js'), 'install', 'chromium']);
    return chromium.executablePath();
  } catch (cause) {
    throw new Error(
      'The browser tests need Chromium: install it (apt install chromium), or name its file in CHROMIUM_PATH',
      { cause },
    );
  }
}
