import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPhoto } from '../../scripts/harness/inputs/draw-photo.ts';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { flatJpeg } from '../../scripts/harness/inputs/flat-jpeg.ts';
import { oddPictures } from '../../scripts/harness/inputs/odd-pictures.ts';
import { data, header, png } from '../../scripts/harness/inputs/png-file.ts';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';
import { codecs } from '../../src/image/codecs/codecs-node.ts';
import { prepareImage } from '../../src/image/prepare.ts';
import { createClient } from '../../src/index.ts';
import { Model } from '../../src/inference/model.ts';
import { nodeRuntime } from '../../src/inference/runtime/runtime-node.ts';
import { folderSource } from '../../src/inference/source-node.ts';

const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
const files = (await readdir(fixtures, { recursive: true })).filter((file) =>
  /\.(png|jpe?g|webp)$/.test(file),
);

let hosted: Hosted;
let model: Model;
beforeAll(async () => {
  hosted = await startHosted();
  model = await Model.load(
    folderSource(fileURLToPath(new URL('../../model/cifar10/', import.meta.url))),
    nodeRuntime,
  );
});
afterAll(() => hosted?.stop());

/** Largest difference between the scores that workerd gives over HTTP and those of this process. */
async function difference(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const here = (await model.run([await prepareImage(bytes, model.manifest.input, codecs)])).probabilities;
  const { predictions } = await createClient({ url: hosted.url }).classify(bytes, { topK: 1000 });
  return Math.max(...predictions.map(({ index, score }) => Math.abs(score - (here[index] as number))));
}

test.each([
  [32, 32],
  [33, 47],
  [640, 480],
  [7, 300],
])('a PNG of %i x %i scores the same in Node and over HTTP', async (width, height) => {
  const png = drawPng(width, height, (x, y) => [(x * 13) % 256, (y * 7) % 256, (x ^ y) % 256]);
  expect(await difference(png)).toBeLessThanOrEqual(1e-6);
});

test('a large photo and a large screenshot score the same in Node and over HTTP', async () => {
  for (const progressive of [false, true])
    expect(await difference(await drawPhoto(2600, 1800, { progressive }))).toBeLessThanOrEqual(1e-6);
  expect(await difference(flatJpeg(8000, 6000))).toBeLessThanOrEqual(1e-6);
  const [width, height] = [3000, 1600];
  const rows = Uint8Array.from({ length: height * (1 + width) }, (_, i) =>
    i % (1 + width) ? (i >> 9) & 255 : 0,
  );
  expect(await difference(png(header(width, height, 0), data(rows)))).toBeLessThanOrEqual(1e-6);
});

test('odd files score as what they show, over HTTP', async () => {
  const client = createClient({ url: hosted.url });
  for (const { name, bytes, right } of oddPictures())
    expect(await client.classify(bytes), name).toEqual(await client.classify(right));
});

test('every fixture scores the same in Node and over HTTP, or is refused by both', async () => {
  expect(files.length).toBeGreaterThan(40);
  for (const file of files) {
    const bytes = new Uint8Array(await readFile(fixtures + file));
    const refused = await prepareImage(bytes, model.manifest.input, codecs).then(
      () => undefined,
      (error: { code: string }) => error.code,
    );
    if (refused) await expect(difference(bytes), file).rejects.toMatchObject({ code: refused });
    else expect(await difference(bytes), file).toBeLessThanOrEqual(1e-6);
  }
});
