import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SearchResult } from '../../../src/contract/vectors.ts';
import { decodeFloat32, encodeFloat32 } from '../../../src/util/float32.ts';
import { readIndex } from '../../../src/vectors/index-file.ts';
import { nearestByForce, randomVector, seededRandom } from '../inputs/random-vectors.ts';
import { type Hosted, startHosted } from '../servers/hosted.ts';

/** A stored vector, as base64 of float32; null when there is none. */
type Value = string | null;

/** Each writer has its own ids, so the order of its writes is known. */
interface Writer {
  name: string;
  /** Acknowledged values, by id. */
  known: Map<string, Value>;
  /** The write in flight: it is stored whole or not at all. */
  pending: Map<string, Value>;
}

/** Figures of {@link runChaos}. */
export interface ChaosReport {
  /** Acknowledged writes. */
  writes: number;
  /** Vectors in them. */
  vectors: number;
  /** Writes that a crash interrupted. */
  cut: number;
  /** Interrupted writes that were stored although no answer came. */
  storedUnanswered: number;
  /** Vectors compared after all restarts. */
  compared: number;
}

const namespace = 'chaos';
const dimensions = 128;
const writerCount = 4;

/**
 * Writes concurrently to a deployment on this machine, kills workerd by SIGKILL at a random moment, restarts it on the same
 * disk, and compares: acknowledged writes must be there bit by bit, interrupted ones whole or not at all. Then searches, and
 * repeats.
 *
 * @param onRound - called after each round.
 * @throws Error with what was lost.
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
      const enough = Promise.withResolvers<void>();
      const goal = report.writes + 2 * writerCount;
      const writing = writers.map(async (writer) => {
        // A write without an answer may be stored or not, so the writer stops after it.
        while (await write(url, writer, random, report)) if (report.writes >= goal) enough.resolve();
        enough.resolve();
      });
      await Promise.all([sleep(200 + 1300 * random()), enough.promise]);
      await crash();
      await Promise.all(writing);
      hosted = await startHosted({ state });
      await compare(hosted.url, writers, random, report);
      onRound?.(round, report);
    }
    return report;
  } finally {
    await hosted?.stop();
    await rm(state, { recursive: true, force: true, maxRetries: 9 });
  }
}

/** Sends one write. @returns whether it was acknowledged. */
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
  // The development server answers 5xx when workerd is gone: only a 200 acknowledges.
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
        throw new Error(`${id}: vector and metadata come from different writes`);
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
      // Deleting an absent vector looks the same either way.
      if (isStored) {
        report.storedUnanswered++;
        settle(writer);
      }
      writer.pending = new Map();
    }
    for (const [id, value] of writer.known) {
      if (stored(id) !== value)
        throw new Error(`${id}: expected the acknowledged ${value}, got ${stored(id)}`);
      report.compared++;
      if (value !== null) found.delete(id);
    }
  }
  const query = randomVector(random, dimensions);
  const everything = writers.flatMap(({ known }) =>
    [...known].flatMap(([id, value]) => (value === null ? [] : [[id, decodeFloat32(value)] as const])),
  );
  if (found.size > 0) throw new Error(`Found vectors that nobody wrote: ${[...found.keys()]}`);
  const search = await fetch(`${url}/v1/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ namespace, vector: encodeFloat32(query), topK: 10 }),
  });
  const { matches } = (await search.json()) as SearchResult;
  const expected = nearestByForce(everything, query, 10);
  if (matches.map(({ id }) => id).join() !== expected.join())
    throw new Error('The search differs from an exhaustive one over the stored vectors');
}
