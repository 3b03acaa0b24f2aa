import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseManifest } from '../../../src/inference/manifest.ts';

const text = await readFile(new URL('../../../model/cifar10/manifest.json', import.meta.url), 'utf8');

test.each(['model/cifar10', 'test/fixtures/textures'])('the manifest of %s is accepted', async (folder) => {
  const url = new URL(`../../../${folder}/manifest.json`, import.meta.url);
  expect(parseManifest(await readFile(url, 'utf8')).name).toBe(folder.split('/').at(-1));
});

const file = { file: 'a.onnx', bytes: 10, sha256: 'a'.repeat(64) };
const gallery = { ...file, count: 1 };

test.each([
  ['name', { name: 1 }],
  ['input', { input: { width: 1e9, height: 1e9 } }],
  ['input', { input: { width: 32 } }],
  ['classes', { classes: [] }],
  ['embedding.dimensions', { embedding: { dimensions: 1e9 } }],
  ['files', { files: {} }],
  ['files[0].file', { files: [{ ...file, file: 1 }] }],
  ['files[0].file', { files: [null] }],
  ['files[1].sha256', { files: [file, { ...file, sha256: 'A' }] }],
  ['files[0].bytes', { files: [{ ...file, bytes: 1e12 }] }],
  ['files[0].bytes', { files: [{ ...file, bytes: -1 }] }],
  ['files[0].bytes', { files: [{ ...file, bytes: undefined }] }],
  ['classes', { classes: ['a', 1] }],
  ['gallery.file', { gallery: null }],
  ['gallery.file', { gallery: [] }],
  ['gallery.file', { gallery: { ...gallery, file: 1 } }],
  ['gallery.sha256', { gallery: { ...gallery, sha256: 'A' } }],
  ['gallery.sha256', { gallery: { ...gallery, sha256: undefined } }],
  ['gallery.bytes', { gallery: { ...gallery, bytes: -1 } }],
  ['gallery.bytes', { gallery: { ...gallery, bytes: 1e12 } }],
  ['gallery.bytes', { gallery: { ...gallery, bytes: '10' } }],
  ['gallery.count', { gallery: { ...gallery, count: 0.5 } }],
  ['golden', { golden: undefined }],
  ['golden.outputs.int8', { golden: { input: '', outputs: { int8: null } } }],
  ['golden.outputs.int8', { golden: { input: '', outputs: { int8: { probabilities: [] } } } }],
])('a manifest with a wrong %s is a typed error that names it: %j', (member, change) => {
  const json = JSON.stringify({ ...JSON.parse(text), ...change });
  expect(() => parseManifest(json)).toThrow(
    expect.objectContaining({
      code: 'model_unavailable',
      message: expect.stringContaining(`no valid ${member}: expected `),
    }),
  );
});
