import { setTimeout as sleep } from 'node:timers/promises';
import { drawPng } from '../inputs/draw-png.ts';
import { randomVector, seededRandom } from '../inputs/random-vectors.ts';
import { quantile } from '../quantile.ts';
import { startBareWorkerd } from '../servers/bare-workerd.ts';
import { kept, openLoad } from './load.ts';
import { openUpload, trickle, type Upload } from './raw-request.ts';

/** Figures of {@link runUploads}. */
export interface UploadReport {
  /** Milliseconds of a good answer at the 99th percentile, four at a time: alone, and beside bodies that trickle. */
  p99Alone: number;
  p99Beside: number;
  /** Bodies that trickled, all of which ended in 408. */
  slow: number;
  /** Uploads that broke off. */
  cut: number;
  /** MB of workerd's resident memory in the middle and at the end of these: the lowest of a fifth each. */
  middle: number;
  end: number;
}

const namespace = 'uploads';
/** Good requests alone, and then as many beside others: in rounds, so that both meet the same of what else the machine does. */
const goodOfRound = 250;
const slowAtATime = 50;
const cutAtATime = 10;
const shares = [0.1, 0.5, 0.9];

const random = seededRandom(1);
const vectorsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `v${i}`, vector: Array.from(randomVector(random, 128)) }));
const putVectors = (count: number): Upload => ({
  method: 'PUT',
  path: '/v1/vectors',
  type: 'application/json',
  body: Buffer.from(JSON.stringify({ namespace, vectors: vectorsOf(count) })),
});
/** A picture of 1.5 MB, and vectors of which some replace what is stored. */
const uploads: Upload[] = [
  {
    method: 'POST',
    path: '/v1/classify',
    type: 'image/png',
    body: drawPng(700, 700, () => [256 * random(), 256 * random(), 256 * random()]),
  },
  putVectors(100),
];

/**
 * Measures good requests alone and while there are always 50 uploads of a byte a second, then breaks uploads of pictures and
 * vectors off at 10, 50 and 90 % of their bodies, on a workerd of this machine.
 *
 * @param good - good requests alone, and as many beside slow uploads.
 * @param cut - uploads that break off, in tens; for the first thousand memory grows, whatever is kept.
 * @param entry - another Worker than that of `wrangler.toml`.
 * @throws Error for a good request with another answer than before, a slow one without a 408, or a vector that was changed.
 */
export async function runUploads(good: number, cut: number, entry?: string): Promise<UploadReport> {
  const hosted = await startBareWorkerd(entry);
  const { url } = hosted;
  try {
    const { method, path, body } = putVectors(10);
    const written = await fetch(url + path, {
      method,
      body,
      headers: { 'content-type': 'application/json' },
    });
    if (!written.ok) throw new Error(`no vector was stored: ${await written.text()}`);
    const stored = await storedAt(url);
    const load = await openLoad(url);
    const [alone, beside, slow]: [number[], number[], string[]] = [[], [], []];
    for (let sent = 0; sent < good; sent += goodOfRound) {
      const requests = Math.min(goodOfRound, good - sent);
      alone.push(...(await served(load(requests, 4))));
      const { times, answers } = await besideSlow(url, () => served(load(requests, 4)));
      beside.push(...times);
      slow.push(...answers);
    }
    const other = slow.find((answer) => !/^HTTP\/1.1 408 .*"code":"request_timeout"/s.test(answer));
    if (other !== undefined) throw new Error(`a slow upload ended otherwise: ${other.slice(0, 300)}`);

    const memory: number[] = [];
    for (let i = 0; i < cut; i += cutAtATime) {
      await Promise.all(Array.from({ length: cutAtATime }, (_, k) => breakOff(url, i + k)));
      await served(load(1, 1));
      memory.push(hosted.memory());
    }
    // Whatever the broken uploads held would be missing here.
    await served(load(64, 64));
    if ((await storedAt(url)) !== stored)
      throw new Error('an upload that was not answered changed what is stored');
    return {
      p99Alone: Math.round(quantile(alone, 0.99)),
      p99Beside: Math.round(quantile(beside, 0.99)),
      slow: slow.length,
      cut,
      ...kept(memory),
    };
  } finally {
    await hosted.stop();
  }
}

async function served(load: Promise<{ times: number[]; refused: number }>): Promise<number[]> {
  const { times, refused } = await load;
  if (refused > 0) throw new Error(`${refused} good requests were refused`);
  return times;
}

/** Times good requests while there are always as many uploads that trickle; gives how they ended. */
async function besideSlow(url: string, work: () => Promise<number[]>) {
  const answers: string[] = [];
  let isOver = false;
  const slow = Array.from({ length: slowAtATime }, async (_, i) => {
    while (!isOver) answers.push(await trickle(url, uploads[i % uploads.length] as Upload));
  });
  try {
    // Until they are all open.
    await sleep(200);
    return { times: await work(), answers };
  } finally {
    isOver = true;
    await Promise.all(slow);
  }
}

/**
 * Sends a part of an upload, and leaves.
 *
 * @param number - of the upload: 12 in a row are pictures and vectors, 10, 50 and 90 % of them, with a word and without.
 */
export async function breakOff(url: string, number: number): Promise<void> {
  const upload = uploads[number % uploads.length] as Upload;
  const share = shares[Math.floor(number / 2) % shares.length] as number;
  const { socket, sent, answer } = openUpload(url, upload, Math.floor(share * upload.body.length));
  await sent;
  // Until the server has read it.
  await sleep(20);
  if (Math.floor(number / 6) % 2 === 0) socket.destroy();
  else socket.resetAndDestroy();
  await answer;
}

/** The namespace to the bit, and the tag that changes with every write. */
async function storedAt(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/index/${namespace}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return `${answer.status} ${answer.headers.get('etag')} ${bytes.toString('base64')}`;
}
