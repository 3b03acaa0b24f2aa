import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gatherModels } from '../../scripts/build/gather-models.ts';
import type { Manifest } from '../../src/contract/manifest.ts';

const textures = fileURLToPath(new URL('../fixtures/textures/', import.meta.url));
let folder: string;
const at = (path: string) => join(folder, path);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unlabel-gather-'));
  await cp(textures, at('model/textures'), { recursive: true });
  await writeFile(at('secret'), 'secret');
});
afterEach(() => rm(folder, { recursive: true }));

const gather = () => gatherModels(at('model'), at('assets'));
const copied = async () =>
  (await readdir(at('assets'), { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(at('assets/').length))
    .sort();
async function changeManifest(change: (manifest: Manifest) => object) {
  const file = at('model/textures/manifest.json');
  await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, 'utf8')))));
}

const galleryOf = (file: string, bytes: unknown) => ({
  file,
  bytes,
  sha256: 'a'.repeat(64),
  count: 1,
  metrics: {},
});

const shipped = ['models/index.json', 'models/textures/manifest.json', 'models/textures/textures.int8.onnx'];

test('copies what the manifest names, and nothing else that lies in the folders', async () => {
  for (const name of ['.env', '.npmrc', 'notes.md', 'checkpoint.pt', 'textures.fp32.onnx', '.git/config'])
    for (const path of [`model/textures/${name}`, `model/.cache/${name}`]) {
      await mkdir(join(at(path), '..'), { recursive: true });
      await writeFile(at(path), 'secret');
    }
  await symlink(at('secret'), at('model/textures/link'));
  await writeFile(at('model/labels.d.ts'), '');
  expect(await gather()).toEqual(['textures']);
  expect(await copied()).toEqual(shipped);
});

test('the gallery is copied too', async () => {
  await writeFile(at('model/textures/gallery.bin'), '123');
  await changeManifest((manifest) => ({ ...manifest, gallery: galleryOf('gallery.bin', 3) }));
  await gather();
  expect(await copied()).toContain('models/textures/gallery.bin');
});

test.each(['model/linked', 'model/.linked'])('a link to a folder, %s, is refused', async (path) => {
  await symlink(textures, at(path));
  await expect(gather()).rejects.toMatchObject({ code: 'model_unavailable' });
});

test.each(['manifest.json', 'textures.int8.onnx'])('a link in place of %s is refused', async (name) => {
  await rm(at(`model/textures/${name}`));
  await symlink(join(textures, name), at(`model/textures/${name}`));
  await expect(gather()).rejects.toMatchObject({
    code: 'model_unavailable',
    message: expect.stringContaining(`and no link, got "${name}"`),
  });
});

test.each(['../../secret', '.env', 'a/b.onnx', '', 'textures', 'missing.onnx', 'a%2Fb', 3])(
  'the file name %j is refused, of weights and of a gallery',
  async (name) => {
    await writeFile(at('model/textures/.env'), 'secret');
    await mkdir(at('model/textures/textures'));
    const file = name as string;
    const original = await readFile(at('model/textures/manifest.json'), 'utf8');
    const changes: ((manifest: Manifest) => object)[] = [
      (manifest) => ({ ...manifest, files: [{ ...manifest.files[0], file }] }),
      (manifest) => ({ ...manifest, gallery: galleryOf(file, 6) }),
    ];
    for (const change of changes) {
      await writeFile(at('model/textures/manifest.json'), original);
      await changeManifest(change);
      await expect(gather()).rejects.toMatchObject({ code: 'model_unavailable' });
    }
    for (const path of await copied())
      expect(await readFile(at(`assets/${path}`), 'utf8')).not.toBe('secret');
  },
);

test.each([1e12, -1, 0, 36_048, 0.5, '36049', null, undefined])(
  'the length %j of a file is refused, of weights and of a gallery',
  async (bytes) => {
    const original = await readFile(at('model/textures/manifest.json'), 'utf8');
    const file = 'textures.int8.onnx';
    const changes: ((manifest: Manifest) => object)[] = [
      (manifest) => ({ ...manifest, files: [{ ...manifest.files[0], bytes }] }),
      (manifest) => ({ ...manifest, gallery: galleryOf(file, bytes) }),
    ];
    for (const change of changes) {
      await writeFile(at('model/textures/manifest.json'), original);
      await changeManifest(change);
      await expect(gather()).rejects.toMatchObject({
        code: 'model_unavailable',
        message: expect.stringContaining('bytes'),
      });
    }
  },
);

test('a folder without a manifest, or whose name the server would not serve, is refused', async () => {
  for (const name of ['empty', 'a b']) {
    await mkdir(at(`model/${name}`));
    await expect(gather(), name).rejects.toMatchObject({ code: 'model_unavailable' });
    await rm(at(`model/${name}`), { recursive: true });
  }
});
