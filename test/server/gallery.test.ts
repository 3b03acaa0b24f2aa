import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';
import type { Manifest } from '../../src/contract/manifest.ts';
import { type Client, createClient } from '../../src/index.ts';
import { sha256 } from '../../src/util/sha256.ts';
import { LoadedIndex } from '../../src/vectors/loaded-index.ts';

const folder = new URL('../../model/cifar10/', import.meta.url);
const manifest: Manifest = JSON.parse(await readFile(new URL('manifest.json', folder), 'utf8'));
const bytes = new Uint8Array(await readFile(new URL('gallery.bin', folder)));
const index = new LoadedIndex(bytes);
const image = drawPng(32, 32, (x, y) => [x * 4, 120 + y * 4, 200]);
const gallery = { namespace: 'gallery' };

let hosted: Hosted;
let client: Client;
beforeAll(async () => {
  hosted = await startHosted();
  client = createClient({ url: hosted.url });
});
afterAll(() => hosted?.stop());

test('the shipped gallery is that of its manifest: labelled embeddings, evenly by class, with places on a map', async () => {
  expect(manifest.gallery).toMatchObject({
    bytes: bytes.length,
    sha256: await sha256(bytes),
    count: index.size,
  });
  expect(index.model).toEqual({ name: 'cifar10', version: manifest.version, dimensions: 128 });
  const entries = index.list(index.size);
  expect(entries.map(({ id }) => id)).toEqual(entries.map(({ id }) => id).toSorted());
  const counts = Object.groupBy(entries, ({ metadata }) => String(metadata.label));
  expect(Object.keys(counts).toSorted()).toEqual(manifest.classes.toSorted());
  for (const label of manifest.classes)
    expect(counts[label]).toHaveLength(index.size / manifest.classes.length);
  for (const { metadata } of entries)
    for (const place of [metadata.x, metadata.y]) {
      expect(place).toBeGreaterThanOrEqual(0);
      expect(place).toBeLessThanOrEqual(1);
    }
});

test('a search in it names what it finds', async () => {
  const { model, matches } = await client.search(image, { ...gallery, topK: 3 });
  const { embedding } = await client.embed(image);
  expect(model).toEqual({ name: 'cifar10', version: manifest.version });
  expect(matches).toEqual(index.search({ model, vector: embedding }, { topK: 3 }));
  expect(manifest.classes).toContain(matches[0]?.metadata.label);

  const ships = await client.search(image, { ...gallery, filter: { label: 'ship' } });
  expect(ships.matches.map(({ metadata }) => metadata.label)).toEqual(Array(10).fill('ship'));
  const [{ id } = { id: '' }] = ships.matches;
  const alike = await client.search({ id }, { ...gallery, topK: 5 });
  expect(alike.matches).toEqual(index.search({ id }, { topK: 5 }));
});

test('neighbors vote by it where no other namespace is named', async () => {
  const { predictions } = await client.classify(image, { method: 'neighbors' });
  expect(predictions).toEqual(
    (await client.classify(image, { method: 'neighbors', ...gallery })).predictions,
  );
  for (const { label, index } of predictions) expect(manifest.classes[index]).toBe(label);
});

test('it is listed, read and exported as any namespace, and its ETag is the hash of its manifest', async () => {
  expect(await client.vectors.count(gallery)).toBe(index.size);
  const ids: string[] = [];
  for await (const { id } of client.vectors.list(gallery)) ids.push(id);
  expect(ids).toEqual(index.list(index.size).map(({ id }) => id));
  const item = await client.vectors.get(ids[7] as string, gallery);
  expect(item).toMatchObject({ metadata: index.get(ids[7] as string).metadata, dimensions: 128 });

  const address = `${hosted.url}/v1/index/gallery`;
  const response = await fetch(address);
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  const etag = response.headers.get('etag') ?? '';
  expect(etag).toBe(`"${manifest.gallery?.sha256}"`);
  expect((await fetch(address, { headers: { 'if-none-match': etag } })).status).toBe(304);
});

test('it cannot be written to, and asking it for strangers is an error', async () => {
  const refused = { code: 'invalid_parameter', field: 'namespace' };
  const vector = index.get(index.list(1)[0]?.id as string).vector;
  await expect(client.vectors.upsert([{ id: 'mine', vector }], gallery)).rejects.toMatchObject(refused);
  await expect(client.vectors.delete('mine', gallery)).rejects.toMatchObject(refused);
  await expect(client.vectors.clear({ namespace: 'gallery' })).rejects.toMatchObject(refused);
  await expect(client.vectors.get('mine', gallery)).rejects.toMatchObject({ code: 'vector_not_found' });
  const stranger = { embedding: vector, model: { name: 'cifar10', version: '0.0.1' } };
  await expect(client.search(stranger, gallery)).rejects.toMatchObject({ code: 'model_mismatch' });
});
