/**
 * What a classify request costs beside the bare run of the network, in the same workerd.
 *
 *     npm run bench
 *
 * Every round measures all rows in turn, so that a slow moment of the machine meets all of them; the table gives
 * medians over the rounds with the range, and the median of each round's ratio to the bare run.
 */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import encodeJpeg, { init } from '@jsquash/jpeg/encode.js';
import { drawPng } from '../test/helpers/draw-png.ts';
import { startHosted } from '../test/helpers/hosted.ts';

const rounds = 15;
const repetitions = 50;

/** A picture of 1664 x 1248 pixels, 2 megapixels, with detail at every scale: a JPEG of quality 85. */
async function drawPhoto(): Promise<Uint8Array<ArrayBuffer>> {
  const wasm = createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm');
  await init(await WebAssembly.compile(await readFile(wasm)));
  const [width, height] = [1664, 1248];
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  let state = 1;
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const noise = (state >>> 27) - 16;
    data[4 * i] = 128 + 90 * Math.sin(x / 97) + noise;
    data[4 * i + 1] = 128 + 90 * Math.sin((x + y) / 41) + noise;
    data[4 * i + 2] = 128 + 90 * Math.cos(y / 13) + noise;
  }
  const picture = { width, height, data, colorSpace: 'srgb' } as ImageData;
  return new Uint8Array(await encodeJpeg(picture, { quality: 85 }));
}

async function post(path: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const answer = await fetch(`${hosted.url}${path}`, { method: 'POST', body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Milliseconds of one repetition inside the Worker. */
async function inside(path: string, body: Uint8Array<ArrayBuffer>, times = repetitions): Promise<number> {
  const one = await milliseconds(() => post(`${path}?n=1`, body));
  const many = await milliseconds(() => post(`${path}?n=${times + 1}`, body));
  return (many - one) / times;
}

/** Milliseconds of one request over HTTP, `concurrency` at a time; its inverse is requests a second. */
async function overHttp(body: Uint8Array<ArrayBuffer>, concurrency: number, times: number): Promise<number> {
  let left = times;
  const caller = async () => {
    while (left-- > 0) await post('/v1/classify', body);
  };
  return (await milliseconds(() => Promise.all(Array.from({ length: concurrency }, caller)))) / times;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

const tensor = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 7) % 256);
const png = drawPng(32, 32, (x, y) => [x * 8, y * 8, (x * y) % 256]);
const photo = await drawPhoto();
const hosted = await startHosted({ entry: 'scripts/bench-worker.ts' });
try {
  const rows: Record<string, () => Promise<number>> = {
    'GET /health, over HTTP: what the way alone costs': () =>
      milliseconds(async () => {
        for (let i = 0; i < repetitions; i++) await (await fetch(`${hosted.url}/health`)).text();
      }).then((total) => total / repetitions),
    'bare session.run': () => inside('/bench/run', tensor),
    'classify, 32x32 PNG, in the Worker': () => inside('/bench/classify', png),
    'classify, 32x32 PNG, over HTTP': () => overHttp(png, 1, repetitions),
    'classify, 32x32 PNG, over HTTP, 8 at a time': () => overHttp(png, 8, repetitions),
    'classify, 2 MP JPEG, in the Worker': () => inside('/bench/classify', photo, 5),
    'classify, 2 MP JPEG, over HTTP': () => overHttp(photo, 1, 5),
  };
  const measured = new Map(Object.keys(rows).map((name) => [name, [] as number[]]));
  for (const measure of Object.values(rows)) await measure();
  for (let round = 0; round < rounds; round++)
    for (const [name, measure] of Object.entries(rows)) measured.get(name)?.push(await measure());

  const bare = measured.get('bare session.run') as number[];
  console.log(
    `${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}, ${rounds} rounds; photo ${photo.length} bytes\n`,
  );
  console.log('| | ms, median (range) | over bare run | requests/s |\n| --- | ---: | ---: | ---: |');
  for (const [name, times] of measured) {
    const range = `${Math.min(...times).toFixed(2)}-${Math.max(...times).toFixed(2)}`;
    const ratio = median(times.map((time, i) => time / (bare[i] as number)));
    console.log(
      `| ${name} | ${median(times).toFixed(2)} (${range}) | ${ratio.toFixed(2)} | ${(1000 / median(times)).toFixed(0)} |`,
    );
  }
} finally {
  await hosted.stop();
}
