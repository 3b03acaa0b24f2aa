import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import encodeWebp, { init } from '@jsquash/webp/encode.js';
import { limits } from '../../../src/contract/limits.ts';
import { scanlines } from '../../../src/image/png/scanlines.ts';
import { type Attack, attacks } from './attacks.ts';
import { drawPhoto } from './draw-photo.ts';
import { drawPng } from './draw-png.ts';
import { flatJpeg } from './flat-jpeg.ts';
import { chunk, data, header, png } from './png-file.ts';
import { seededRandom } from './random-vectors.ts';

/** A body within all limits that costs much. */
export interface WorstBody extends Attack {
  /** MB of memory beyond the body that it may take. Default: that of all others. */
  mostMb?: number;
  /** Characters that its answer may have. Default: that of all others. */
  mostText?: number;
  /** What must have been sent before. */
  before?: Attack;
}

/** MB of a picture of 4 MP that the decoders of JPEG and WebP decode as a whole, in a memory of their own. */
const wholeMb = 70;
/** MB that base64 of the largest body may take: the body as text, and its bytes, beside the picture's. */
const textMb = 48;

/** Options of the search that compares its matches with one another the most. */
const mostMatches = `"topK":${limits.matches},"diversity":1`;

/** A body that loads the network. */
export const warmUp = attacks().find(({ name }) => name === '32 pictures') as Attack;

/** The worst that every route takes, of each kind of body. */
export async function worstBodies(): Promise<WorstBody[]> {
  const body = (
    name: string,
    [method, path, type]: readonly [string, string, string],
    content: Attack['body'],
  ): WorstBody => ({ name, method, path, type, body: content, isAccepted: true });
  const classify = ['POST', '/v1/classify', 'image/jpeg'] as const;
  const json = (method: string, path: string) => [method, path, 'application/json'] as const;
  const photo = flatJpeg(8_000, 6_000, 9);
  const small = base64(drawPng(4, 4, () => [1, 2, 3]));
  const middle = base64(zeros(820, 810));
  const vector = `[${Array(limits.dimensions).fill('0.123456789').join()}]`;
  const values = JSON.stringify(Array.from({ length: limits.filterValues }, (_, i) => `${i}`));
  const keys = Array.from({ length: limits.filterKeys }, (_, i) => `k${i}`);
  const filter = keys.map((key) => `"${key}":{"in":${values}}`).join();
  const reference = '"model":{"name":"m","version":"1"}';
  // Vectors that meet the filter, by the last of its values.
  const filtered = (namespace: string) => {
    const metadata = `${keys.map((key) => `"${key}":"${limits.filterValues - 1}"`).join()},"a":"${'x'.repeat(1_500)}"`;
    const vectors = Array.from(
      { length: limits.vectorsPerRequest },
      (_, i) =>
        `{"id":"${i}","vector":${vector.replace('0.1', `${i + 1}.1`)},${reference},"metadata":{${metadata}}}`,
    );
    return body(
      'vectors that meet the filter',
      json('PUT', '/v1/vectors'),
      `{"namespace":"${namespace}","vectors":[${vectors.join()}]}`,
    );
  };
  return [
    ...attacks().filter(({ isAccepted }) => isAccepted),
    body('a JPEG of 100 MP', classify, flatJpeg(10_000, 10_000, 3)),
    body('a JPEG of 48 MP and 8 MB', classify, photo),
    body(
      'a small region of a JPEG of 48 MP and 8 MB',
      ['POST', '/v1/classify?region=3000,2000,100,100', 'image/jpeg'],
      photo,
    ),
    body(
      'a small region of a progressive JPEG of 7 MP',
      ['POST', '/v1/classify?region=1000,2000,100,100', 'image/jpeg'],
      await drawPhoto(2_600, 2_600, { quality: 95 }),
    ),
    {
      ...body('a progressive JPEG of 4 MP, too narrow for its DC coefficients', classify, await narrowJpeg()),
      mostMb: wholeMb,
    },
    { ...body('a WebP of 4 MP', classify, await webp()), mostMb: wholeMb },
    body(
      'a progressive JPEG of 4 MP without an end marker',
      classify,
      (await drawPhoto(2_000, 2_000, { quality: 95 })).slice(0, -2),
    ),
    body('a PNG of 100 MP', classify, zeros(10_000, 10_000, 0)),
    body('a PNG of 128 MiB', classify, zeros(8_000, 4_190, 6)),
    body('a PNG of 128 MiB, of which the start is not needed', classify, zeros(2_048, 16_380, 6)),
    body('an interlaced PNG of 4 MP', classify, interlaced(2_048, 2_048)),
    body(
      '32 tensors',
      ['POST', '/v1/classify', 'application/vnd.unlabel.rgb8; batch=32'],
      new Uint8Array(32 * 3_072),
    ),
    {
      ...body(
        'base64 of a JPEG of 8 MB',
        json('POST', '/v1/embeddings'),
        `{"image":"${base64(flatJpeg(6_000, 6_000, 9))}"}`,
      ),
      mostMb: textMb,
    },
    {
      ...body(
        'base64 of a JPEG of 8 MB, as OpenAI has it',
        json('POST', '/v1/embeddings'),
        `{"input":"data:image/jpeg;base64,${base64(flatJpeg(6_000, 6_000, 9))}"}`,
      ),
      mostMb: textMb,
    },
    body('a JPEG of 48 MP and 8 MB, to search with', ['POST', '/v1/search', 'image/jpeg'], photo),
    {
      ...body(
        'a vector and the largest filter',
        json('POST', '/v1/search'),
        `{"vector":${vector},${reference},"namespace":"filtered","filter":{${filter}},${mostMatches}}`,
      ),
      before: filtered('filtered'),
    },
    {
      ...body(
        '32 pictures and nested filters, in the gallery',
        json('POST', '/v1/search'),
        `{"images":[${Array(limits.imagesPerRequest).fill(`"${small}"`).join()}],"namespace":"gallery","filter":${await nestedFilter()},${mostMatches}}`,
      ),
      // 32 times 100 matches.
      mostText: 400_000,
    },
    body(
      '32 examples of 64 MP in all',
      json('POST', '/v1/search'),
      `{"namespace":"gallery","topK":100,"diversity":0.5,"like":[${Array(limits.examplesPerSearch)
        .fill(`{"image":"${base64(zeros(1_448, 1_448))}"}`)
        .join()}]}`,
    ),
    body(
      '100 pictures of 64 MP in all',
      json('PUT', '/v1/vectors'),
      `{"namespace":"pictures","vectors":[${Array.from({ length: 100 }, (_, i) => `{"id":"${i}","image":"${middle}"}`).join()}]}`,
    ),
    {
      ...body(
        'the most metadata',
        json('PATCH', '/v1/vectors/a?namespace=patched'),
        `{"metadata":{${Array.from({ length: limits.metadataKeys }, (_, i) => `"k${i}":"${'x'.repeat(20)}"`).join()}}}`,
      ),
      before: body(
        'a vector',
        json('PUT', '/v1/vectors'),
        '{"namespace":"patched","vectors":[{"id":"a","vector":[1],"model":{"name":"m","version":"1"}}]}',
      ),
    },
    body('an alias', json('PUT', '/v1/aliases/short'), '{"namespace":"a"}'),
    {
      ...body(
        'the largest filter',
        json('POST', '/v1/deletions'),
        `{"namespace":"deleted","filter":{${filter}}}`,
      ),
      before: filtered('deleted'),
    },
    body(
      '1,000 pictures',
      json('PUT', '/v1/classes/b'),
      `{"classes":{"a":[${Array(limits.examplesPerSet).fill(`{"image":"${small}"}`).join()}]}}`,
    ),
  ];
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** A filter as JSON that all of the gallery fails but for its last comparison. */
async function nestedFilter(): Promise<string> {
  const { classes } = JSON.parse(
    await readFile(new URL('../../../model/cifar10/manifest.json', import.meta.url), 'utf8'),
  ) as { classes: string[] };
  const others = Array.from({ length: limits.filterValues }, (_, i) => i + 2);
  const label = { label: { nin: [...classes, ...others].slice(0, limits.filterValues) } };
  const half = Array(limits.filterKeys / 2).fill(label);
  return JSON.stringify({ or: [{ or: half }, { or: [...half.slice(1), { x: { nin: others } }] }] });
}

/** A PNG whose rows have the filter that costs the most. */
function zeros(width: number, height: number, colorType = 2): Uint8Array<ArrayBuffer> {
  const bytes = { 0: 1, 2: 3, 6: 4 }[colorType] as number;
  const rows = Buffer.alloc((1 + width * bytes) * height);
  for (let at = 0; at < rows.length; at += 1 + width * bytes) rows[at] = 4;
  return png(header(width, height, colorType), data(rows));
}

function interlaced(width: number, height: number): Uint8Array<ArrayBuffer> {
  const head = Buffer.from(header(width, height, 6).subarray(8, 21));
  head[12] = 1;
  const layout = { width, height, bitDepth: 8, colorType: 6, samples: 4, interlaced: true };
  const bytes = Array.from(scanlines(layout)).reduce((sum, line) => sum + line.bytes, 0);
  return png(chunk('IHDR', head), data(new Uint8Array(bytes)));
}

/** So narrow that its blocks are too few. */
function narrowJpeg(): Promise<Uint8Array<ArrayBuffer>> {
  return drawPhoto(limits.imageSide, 255, { auto_subsample: false, chroma_subsample: 1 });
}

async function webp(): Promise<Uint8Array<ArrayBuffer>> {
  const path = createRequire(import.meta.url).resolve('@jsquash/webp/codec/enc/webp_enc_simd.wasm');
  await init(await WebAssembly.compile(await readFile(path)));
  const side = Math.sqrt(limits.imagePixels);
  const random = seededRandom(4);
  const pixels = Uint8ClampedArray.from({ length: side * side * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : 64 * random(),
  );
  return new Uint8Array(
    await encodeWebp({ width: side, height: side, data: pixels } as ImageData, { quality: 60, method: 0 }),
  );
}
