import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SearchResult } from '../../../src/contract/vectors.ts';
import { decodeFloat32, encodeFloat32 } from '../../../src/util/float32.ts';
import { readIndex } from '../../../src/vectors/index-file.ts';
import { nearestByForce, randomVector, seededRandom } from '../inputs/random-vectors.ts';
import { type Hosted, startHosted } from '../servers/hosted.ts';

/** A vector as base64 of its float32 and its metadata; null for none. */
type Value = string | null;

/** A writer has ids of its own, so that the order of its writes is known. */
interface Writer {
  name: string;
  /** What has been acknowledged, by id. */
  known: Map<string, Value>;
  /** The write that is under way: all of it is stored, or none. */
  pending: Map<string, Value>;
}

/** Figures of {@link runChaos}. */
export interface ChaosReport {
  /** Writes that were acknowledged, and the vectors in them. */
  writes: number;
  vectors: number;
  /** Writes that a crash cut off, of which some were stored before their answer was. */
  cut: number;
  storedUnanswered: number;
  /** Vectors that were compared after all restarts. */
  compared: number;
}

const namespace = 'chaos';
const dimensions = 128;
const writerCount = 4;

/**
 * Writes to a deployment on this machine from several sides, kills workerd by SIGKILL at a random moment, starts it
 * again on the same disk, and compares: whatever was acknowledged must be there bit by bit, and a write that was cut
 * off must be there whole or not at all. Then searches. Repeats that.
 *
 * @param onRound - called after each round.
 * @throws Error that says what was lost.
 */
export async function runChaos(
  rounds: number,
  seed: number,
  onRound?: (round: number, report: ChaosReport) => void,
): Promise<ChaosReport> {
  const random = seededRandom(seed);
  const report: ChaosReport = { writes: 0, vectors: 0, cut: 0, storedUnanswered: 0, compared: 0 };
  const writers = Array.from({ length: writerCount }, (_, i) => ({
    name: `w${i}`,
    known: new Map(),
    pending: new Map(),
  }));
  const state = await mkdtemp(join(tmpdir(), 'unlabel-chaos-'));
  let hosted: Hosted | undefined;
  try {
    hosted = await startHosted({ state });
    for (let round = 1; round <= rounds; round++) {
      const { url, crash } = hosted;
      const writing = writers.map(async (writer) => {
        // A write without an answer may be stored or not: it is the writer's last one.
        while (await write(url, writer, random, report));
      });
      await sleep(200 + 1300 * random());
      await crash();
      await Promise.all(writing);
      hosted = await startHosted({ state });
      await compare(hosted.url, writers, random, report);
      onRound?.(round, report);
    }
    return report;
  } finally {
    await hosted?.stop();
    await rm(state, { recursive: true, force: true });
  }
}

/** Sends one write, and tells whether it was acknowledged. */
async function write(
  url: string,
  writer: Writer,
  random: () => number,
  report: ChaosReport,
): Promise<boolean> {
  const idOf = () => `${writer.name}-${Math.floor(400 * random())}`;
  const isDelete = random() < 0.2;
  const ids = new Set(Array.from({ length: isDelete ? 1 : 1 + Math.floor(60 * random()) }, idOf));
  writer.pending = new Map(
    Array.from(ids, (id) => [id, isDelete ? null : encodeFloat32(randomVector(random, dimensions))]),
  );
  const [first] = ids;
  const vectors = Array.from(writer.pending, ([id, vector]) => ({ id, vector, metadata: { vector } }));
  const request = isDelete
    ? fetch(`${url}/v1/vectors/${first}?namespace=${namespace}`, { method: 'DELETE' })
    : fetch(`${url}/v1/vectors`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ namespace, vectors }),
      });
  // The development server answers 5xx for a workerd that is gone; only a 200 is an acknowledgement.
  const isKnown = await request
    .then(async (answer) => (await answer.text()) !== '' && answer.ok)
    .catch(() => false);
  if (!isKnown) return false;
  report.writes++;
  report.vectors += ids.size;
  settle(writer);
  return true;
}

function settle(writer: Writer): void {
  for (const [id, value] of writer.pending) writer.known.set(id, value);
  writer.pending = new Map();
}

async function compare(
  url: string,
  writers: Writer[],
  random: () => number,
  report: ChaosReport,
): Promise<void> {
  const answer = await fetch(`${url}/v1/index/${namespace}`);
  const found = new Map<string, Float32Array>();
  if (answer.status !== 404) {
    const index = readIndex(new Uint8Array(await answer.arrayBuffer()));
    for (const [place, [id, metadata]] of index.entries.entries()) {
      found.set(id, index.vector(place));
      if (metadata.vector !== encodeFloat32(index.vector(place)))
        throw new Error(`${id}: vector and metadata are of two writes`);
    }
  }
  const stored = (id: string): Value => {
    const vector = found.get(id);
    return vector ? encodeFloat32(vector) : null;
  };
  for (const writer of writers) {
    if (writer.pending.size > 0) {
      report.cut++;
      const isStored = [...writer.pending].every(([id, value]) => stored(id) === value);
      // Deleting what was not there looks the same either way.
      if (isStored) {
        report.storedUnanswered++;
        settle(writer);
      }
      writer.pending = new Map();
    }
    for (const [id, value] of writer.known) {
      if (stored(id) !== value)
        throw new Error(`${id} is not as it was acknowledged: ${value}, but ${stored(id)}`);
      report.compared++;
      if (value !== null) found.delete(id);
    }
  }
  const query = randomVector(random, dimensions);
  const everything = writers.flatMap(({ known }) =>
    [...known].flatMap(([id, value]) => (value === null ? [] : [[id, decodeFloat32(value)] as const])),
  );
  if (found.size > 0) throw new Error(`${[...found.keys()]}: nobody wrote that`);
  const search = await fetch(`${url}/v1/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ namespace, vector: encodeFloat32(query), topK: 10 }),
  });
  const { matches } = (await search.json()) as SearchResult;
  const expected = nearestByForce(everything, query, 10);
  if (matches.map(({ id }) => id).join() !== expected.join())
    throw new Error('the search differs from the disk');
}
