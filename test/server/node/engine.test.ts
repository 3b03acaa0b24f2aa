import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { readFixture } from '../../../scripts/harness/inputs/parity-fixtures.ts';
import { type Hosted, startHosted } from '../../../scripts/harness/servers/hosted.ts';
import { createClient } from '../../../src/index.ts';
import { createLocalEngine, type NodeOptions } from '../../../src/node.ts';

let hosted: Hosted;
let cache: string;
beforeAll(async () => {
  hosted = await startHosted();
  cache = await mkdtemp(join(tmpdir(), 'unlabel-node-'));
});
afterAll(async () => {
  await hosted?.stop();
  await rm(cache, { recursive: true });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

const create = (options: Partial<NodeOptions> = {}) =>
  createLocalEngine({ model: 'cifar10', baseUrl: hosted.url, cache, ...options });
const kept = async (folder = cache) => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
};

test.each([
  'rgb.png',
  'interlaced-rgb.png',
  'baseline-420.jpg',
  'orientation-6.jpg',
  'cmyk.jpg',
  'lossy-alpha.webp',
])('a file gives the answer of the service, to the bit: %s', async (name) => {
  const image = readFixture(`images/${name}`);
  const client = createClient({ url: hosted.url, model: 'cifar10' });
  const outcome = (promise: Promise<{ embedding: Float32Array }>) =>
    promise.then(
      ({ embedding }) => embedding,
      ({ code }) => code,
    );
  expect(await outcome(create().embed(image))).toEqual(await outcome(client.embed(image)));
});

test('a later process works offline, and asks for the manifest alone where it can', async () => {
  await create().ready;
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (url: URL) => {
    asked.push(url.pathname);
    throw new TypeError('offline');
  });
  const { predictions } = await create().classify(readFixture('images/rgb.png'));
  expect(predictions).toHaveLength(5);
  expect(asked).toEqual(['/v1/models/cifar10']);
});

test('a damaged file of the folder is not run: it is downloaded again', async () => {
  await create().ready;
  // Manifest, weights and runtime.
  await expect.poll(() => kept()).toHaveLength(3);
  for (const file of await kept()) {
    const bytes = await readFile(file);
    bytes.fill(7, bytes.length - 400);
    await writeFile(file, bytes);
  }
  const { predictions } = await create().classify(readFixture('images/rgb.png'));
  expect(predictions).toHaveLength(5);
});

test('nothing is kept where the caller says so', async () => {
  vi.stubEnv('XDG_CACHE_HOME', join(cache, 'own'));
  await create({ cache: false }).classify(readFixture('images/rgb.png'));
  await expect(readdir(join(cache, 'own'))).rejects.toThrow('ENOENT');
  await create({ cache: undefined }).ready;
  await expect.poll(() => kept(join(cache, 'own/unlabel'))).toHaveLength(3);
});

test('pixels are read as they are, and what is no image is refused by name', async () => {
  const engine = create();
  const data = new Uint8ClampedArray(4 * 8 * 8).fill(200);
  expect((await engine.classify({ width: 8, height: 8, data } as ImageData)).predictions).toHaveLength(5);
  await expect(engine.classify([{ width: 8, height: 8 } as ImageBitmap])).rejects.toMatchObject({
    code: 'invalid_image',
    field: 'images[0]',
  });
  expect(await engine.persistent).toBe(false);
  expect(engine.thread).toBe('page');
});

test('a deployment must be named by its whole address', () => {
  expect(() => createLocalEngine({ model: 'cifar10' })).toThrow(
    expect.objectContaining({ code: 'invalid_parameter', field: 'baseUrl' }),
  );
});
