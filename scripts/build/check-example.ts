/**
 * Installs the packed package in the application of `test/example`, as its user would, type-checks and builds it with
 * Vite, and classifies a picture with it in a browser. Ends non-zero where anything fails.
 *
 *     npm run check:example
 */
import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { preview } from 'vite';
import { drawPng } from '../harness/inputs/draw-png.ts';
import { launchChromium } from '../harness/servers/chromium.ts';
import { startHosted } from '../harness/servers/hosted.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** An application in an empty folder, with the packed package and what it asks for. */
async function install(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'unlabel-example-'));
  await cp(join(root, 'test/example'), folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const npm = (...args: string[]) =>
    execFileSync('npm', [...args, '--no-audit', '--no-fund'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  // `prepack` would build the package anew: the build is checked beside.
  const [packed] = JSON.parse(npm('pack', root, '--json', '--ignore-scripts').toString());
  const needs = [
    'onnxruntime-web',
    'react',
    'react-dom',
    '@types/react',
    '@types/react-dom',
    'vite',
    'typescript',
  ];
  npm(
    'install',
    '--prefer-offline',
    `./${packed.filename}`,
    ...needs.map((name) => `${name}@${devDependencies[name]}`),
  );
  console.log(`${packed.filename}: ${(packed.size / 1e6).toFixed(1)} MB packed, ${packed.entryCount} files`);
  return folder;
}

const hosted = await startHosted();
const folder = await install();
const browser = await launchChromium();
try {
  const run = (tool: string, ...args: string[]) =>
    execFileSync(join(folder, 'node_modules/.bin', tool), args, {
      cwd: folder,
      stdio: 'inherit',
      env: { ...process.env, VITE_DEPLOYMENT: hosted.url },
    });
  run('tsc');
  run('vite', 'build', '--logLevel', 'warn');
  const served = await preview({ root: folder, preview: { port: 0, host: '127.0.0.1' }, logLevel: 'error' });
  const page = await browser.newPage();
  await page.goto(served.resolvedUrls?.local[0] ?? '');
  await page.setInputFiles('input', {
    name: 'picture.png',
    mimeType: 'image/png',
    buffer: Buffer.from(drawPng(320, 240, (x, y) => [x % 256, y % 256, 100])),
  });
  await page.locator(':is(output, [role=alert]):not(:empty)').first().waitFor();
  const answer = await page.textContent('output');
  if (!/^\w+, local, (wasm|webgpu)$/.test(answer ?? ''))
    throw new Error(String(await page.textContent('main')));
  if (page.workers().length !== 1) throw new Error('The network does not run in a Worker');
  console.log(`The example answers: ${answer}`);
  await served.close();
} finally {
  await browser.close();
  await hosted.stop();
  await rm(folder, { recursive: true });
}
