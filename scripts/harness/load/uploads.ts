import { setTimeout as sleep } from 'node:timers/promises';
import { drawPng } from '../inputs/draw-png.ts';
import { randomVector, seededRandom } from '../inputs/random-vectors.ts';
import { quantile } from '../quantile.ts';
import { startBareWorkerd } from '../servers/bare-workerd.ts';
import { kept, openLoad } from './load.ts';
import { openUpload, trickle, type Upload } from './raw-request.ts';

/** Figures of {@link runUploads}. */
export interface UploadReport {
  /** 99th percentile of good answers, in ms, at a concurrency of 4: alone. */
  p99Alone: number;
  /** The same beside slow uploads. */
  p99Beside: number;
  /** Slow uploads; all ended in 408. */
  slow: number;
  /** Uploads that were broken off. */
  cut: number;
  /** MB of workerd's resident memory in the middle and at the end of the broken uploads. */
  middle: number;
  end: number;
}

const namespace = 'uploads';
/** Good requests per round, alone and beside slow ones: in turns, so that other work on the machine affects both. */
const goodPerRound = 250;
const slowConcurrency = 50;
const cutConcurrency = 10;
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
/** A picture of 1.5 MB, and vectors of which some would replace stored ones. */
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
 * Measures good requests alone and beside 50 concurrent uploads of a byte per second, then breaks uploads of pictures and
 * vectors off at 10, 50 and 90 % of their bodies, in a workerd on this machine.
 *
 * @param good - good requests alone, and as many beside slow uploads.
 * @param cut - uploads to break off, a multiple of 10. Memory grows during the first thousand in any case.
 * @param entry - another Worker than that of `wrangler.toml`.
 * @throws Error for a wrong answer to a good request, a slow upload without a 408, or a changed vector.
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
    if (!written.ok) throw new Error(`Expected to store vectors, got: ${await written.text()}`);
    const stored = await storedAt(url);
    const load = await openLoad(url);
    const [alone, beside, slow]: [number[], number[], string[]] = [[], [], []];
    for (let sent = 0; sent < good; sent += goodPerRound) {
      const requests = Math.min(goodPerRound, good - sent);
      alone.push(...(await served(load(requests, 4))));
      const { times, answers } = await besideSlow(url, () => served(load(requests, 4)));
      beside.push(...times);
      slow.push(...answers);
    }
    const other = slow.find((answer) => !/^HTTP\/1.1 408 .*"code":"request_timeout"/s.test(answer));
    if (other !== undefined) throw new Error(`Expected 408 for a slow upload, got: ${other.slice(0, 300)}`);

    const memory: number[] = [];
    for (let i = 0; i < cut; i += cutConcurrency) {
      await Promise.all(Array.from({ length: cutConcurrency }, (_, k) => breakOff(url, i + k)));
      await served(load(1, 1));
      memory.push(hosted.memory());
    }
    // Fails if broken uploads still hold places in the queue.
    await served(load(64, 64));
    if ((await storedAt(url)) !== stored) throw new Error('A broken upload changed the stored vectors');
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
  if (refused > 0) throw new Error(`Expected no refused requests at this concurrency, got ${refused}`);
  return times;
}

/** Times good requests while slow uploads run. @returns the times, and the answers to the slow uploads. */
async function besideSlow(url: string, work: () => Promise<number[]>) {
  const answers: string[] = [];
  let isOver = false;
  const slow = Array.from({ length: slowConcurrency }, async (_, i) => {
    while (!isOver) answers.push(await trickle(url, uploads[i % uploads.length] as Upload));
  });
  try {
    // Until all are open.
    await sleep(200);
    return { times: await work(), answers };
  } finally {
    isOver = true;
    await Promise.all(slow);
  }
}

/**
 * Sends a part of an upload, then closes the connection.
 *
 * @param number - of the upload. Twelve in a row cover pictures and vectors, 10, 50 and 90 %, closed and reset.
 * @param arrived - when the server has read the part, as far as the caller knows. Default: 20 ms later.
 */
export async function breakOff(url: string, number: number, arrived?: Promise<unknown>): Promise<void> {
  const upload = uploads[number % uploads.length] as Upload;
  const share = shares[Math.floor(number / 2) % shares.length] as number;
  const { socket, sent, answer } = openUpload(url, upload, Math.floor(share * upload.body.length));
  await sent;
  await (arrived ?? sleep(20));
  if (Math.floor(number / 6) % 2 === 0) socket.destroy();
  else socket.resetAndDestroy();
  await answer;
}

/** The bits of the namespace, and the tag that every write changes. */
async function storedAt(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/index/${namespace}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return `${answer.status} ${answer.headers.get('etag')} ${bytes.toString('base64')}`;
}
