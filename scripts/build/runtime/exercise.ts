import { createHash } from 'node:crypto';
import { OrtError } from '../../../src/inference/ort/core.ts';
import type { NetworkOutput } from '../../../src/inference/runtime/runtime.ts';
import { seededRandom } from '../../harness/inputs/random-vectors.ts';
import type { Network } from './networks.ts';

/** A session of a trimmed or the stock runtime. */
export interface Session {
  run(
    pixels: Uint8Array,
    shape: [batch: number, height: number, width: number, channels: number],
  ): NetworkOutput | Promise<NetworkOutput>;
  release(): unknown;
}
export type Open = (weights: Uint8Array) => Session | Promise<Session>;

/** What a runtime did with each input, by a name for it: a digest of the outputs, or the error message. */
export type Transcript = Map<string, string>;

// Kernels treat whole blocks and their remainders differently; a request has at most 32 images.
const batches = [1, 2, 3, 4, 5, 8, 15, 16, 31, 32];

/** Opens each network, runs it on batches of many sizes, and releases it. */
export async function runAll(open: Open, networks: readonly Network[]): Promise<Transcript> {
  const transcript: Transcript = new Map();
  for (const { name, weights, height, width } of networks) {
    const session = await openNamed(open, name, weights);
    for (const batch of batches) {
      const output = await session.run(noise(batch * height * width * 3), [batch, height, width, 3]);
      transcript.set(`${name}, batch ${batch}`, digest(output));
    }
    await session.release();
  }
  return transcript;
}

async function openNamed(open: Open, name: string, weights: Uint8Array): Promise<Session> {
  try {
    return await open(weights);
  } catch (cause) {
    throw new Error(`The runtime cannot load ${name}`, { cause });
  }
}

/** Gives a runtime what it must refuse: inputs of wrong shapes, and damaged files. */
export async function provokeErrors(open: Open, networks: readonly Network[]): Promise<Transcript> {
  const transcript: Transcript = new Map();
  const note = async (what: string, work: () => Promise<string>) => {
    transcript.set(
      what,
      await work().catch((error: unknown) => {
        if (error instanceof OrtError) return `refused: ${error.message}`;
        throw new Error(`The runtime crashed on: ${what}`, { cause: error });
      }),
    );
  };
  for (const { name, weights, height, width } of networks) {
    const session = await open(weights);
    for (const shape of [
      [1, height - 1, width, 3],
      [1, height, width, 4],
      [1, height + 1, width + 1, 3],
      [0, height, width, 3],
    ] as [number, number, number, number][])
      await note(`${name}, shape ${shape}`, async () =>
        digest(await session.run(noise(shape.reduce((a, b) => a * b)), shape)),
      );
    await note(`${name}, too few bytes`, async () =>
      digest(await session.run(noise(5), [1, height, width, 3])),
    );
    await session.release();
    for (const [damage, bytes] of damaged(weights))
      await note(`${name}, ${damage}`, async () => {
        const session = await open(bytes);
        try {
          return digest(await session.run(noise(height * width * 3), [1, height, width, 3]));
        } finally {
          await session.release();
        }
      });
  }
  return transcript;
}

/** Truncated files, files with renamed nodes, and files with flipped bits, half of them in the graph's description. */
function* damaged(weights: Uint8Array): Generator<[damage: string, bytes: Uint8Array]> {
  for (const length of [0, 1, 100, weights.length >> 1, weights.length - 1])
    yield [`cut to ${length} bytes`, weights.subarray(0, length)];
  for (const name of ['image', 'probabilities', 'embedding', 'Conv', 'Gemm', 'Relu'])
    yield [`without ${name}`, rename(weights, name)];
  const random = seededRandom(1);
  const below = (end: number) => Math.floor(end * random());
  for (let i = 0; i < 48; i++) {
    const bytes = weights.slice();
    const range = i % 2 ? bytes.length : 2_000;
    for (let flips = 1 + (i % 4); flips > 0; flips--) {
      const at = below(range);
      bytes[at] = (bytes[at] as number) ^ (1 << below(8));
    }
    yield [`damage ${i}`, bytes];
  }
}

function rename(weights: Uint8Array, name: string): Uint8Array {
  const text = Buffer.from(weights).toString('latin1');
  return Buffer.from(text.replaceAll(name, `${name.slice(0, -1)}!`), 'latin1');
}

function noise(length: number): Uint8Array {
  const random = seededRandom(1);
  return Uint8Array.from({ length }, () => 256 * random());
}

function digest({ probabilities, embedding }: NetworkOutput): string {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of [probabilities, embedding])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength)).update('\n');
  return hash.digest('hex');
}
