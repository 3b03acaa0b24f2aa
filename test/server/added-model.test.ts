import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatherModels } from '../../scripts/build/gather-models.ts';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';
import type { ModelList } from '../../src/contract/wire.ts';
import { createClient } from '../../src/index.ts';

// A model of three drawn textures, 16 x 16 pixels, beside the shipped ones: a folder more, and no code.
const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
let folder: string;
let hosted: Hosted;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unlabel-models-'));
  await cp(path('model'), join(folder, 'model'), { recursive: true });
  await cp(path('test/fixtures/textures'), join(folder, 'model/textures'), { recursive: true });
  await gatherModels(join(folder, 'model'), join(folder, 'assets'));
  hosted = await startHosted({ assets: join(folder, 'assets') });
});
afterAll(async () => {
  await hosted?.stop();
  await rm(folder, { recursive: true });
});

/** Stripes along one axis, large enough to be resized for every model. */
const stripes = (axis: 'across' | 'down') =>
  drawPng(64, 64, (x, y) => {
    const wave = Math.sin((2 * Math.PI * (axis === 'across' ? y : x)) / 16);
    return [120 + 60 * wave, 100 + 60 * wave, 140 + 60 * wave].map(Math.round) as [number, number, number];
  });

const classify = (query: string, body: BodyInit, type?: string) =>
  fetch(`${hosted.url}/v1/classify${query}`, {
    method: 'POST',
    body,
    ...(type !== undefined && { headers: { 'content-type': type } }),
  });

test('it is listed beside the shipped ones, and the default stays', async () => {
  const list = (await (await fetch(`${hosted.url}/v1/models`)).json()) as ModelList;
  expect(list.default).toBe('cifar10');
  expect(list.models.map(({ name }) => name)).toEqual(expect.arrayContaining(['cifar10', 'textures']));
  expect(list.models.find(({ name }) => name === 'textures')?.classes).toEqual(['across', 'blobs', 'down']);
});

test('it answers what it learned, and the default model its own classes', async () => {
  const added = createClient({ url: hosted.url, model: 'textures' });
  const answers = await added.classify([stripes('across'), stripes('down')], { topK: 1 });
  expect(answers.map(({ predictions }) => predictions[0]?.label)).toEqual(['across', 'down']);
  expect((await added.embed(stripes('down'))).dimensions).toBe(8);
  const { model, predictions } = await createClient({ url: hosted.url }).classify(stripes('down'));
  expect(model.name).toBe('cifar10');
  expect(predictions.map(({ label }) => label)).not.toContain('down');
});

test('the body can name the model, in either form that has fields; the query goes before it', async () => {
  const image = stripes('across');
  const json = JSON.stringify({ image: Buffer.from(image).toString('base64'), model: 'textures' });
  const form = new FormData();
  form.append('files', new Blob([image]));
  form.append('model', 'textures');
  for (const [query, body, type, name] of [
    ['', json, 'application/json', 'textures'],
    ['', form, undefined, 'textures'],
    ['?model=cifar10', json, 'application/json', 'cifar10'],
  ] as const)
    expect(await (await classify(query, body, type)).json()).toMatchObject({ model: { name } });
});

test('a model of the body that is none is refused', async () => {
  const image = Buffer.from(stripes('across')).toString('base64');
  for (const [model, status, code] of [
    ['nope', 404, 'model_not_found'],
    [3, 422, 'invalid_parameter'],
  ] as const) {
    const answer = await classify('', JSON.stringify({ image, model }), 'application/json');
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code, field: 'model' });
  }
});
