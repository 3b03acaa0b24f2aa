/** Measures exactness, time and memory of the vector search. See `--help`. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Namespace } from '../../src/vectors/namespace/namespace.ts';
import { buildAssets, parseCommand, readCount } from '../harness/command.ts';
import { nearestByForce, randomVector, seededRandom } from '../harness/inputs/random-vectors.ts';
import { quantile } from '../harness/quantile.ts';
import { startHosted } from '../harness/servers/hosted.ts';
import { memoryStorage } from '../harness/servers/sqlite.ts';

const { values } = parseCommand(
  `Usage: npm run bench -- search [options]

Exactness: compares the ten nearest vectors of a namespace with those of an exhaustive float64 search, in a tenth of the
vectors and in all. Time: in a Durable Object on this machine, and in this process beside a plain float32 loop and, where they
are installed (npm install --no-save hnswlib-node sqlite-vec), beside hnswlib and sqlite-vec on the same data.

  --vectors N     (default: 100000)
  --queries N     (default: 1000)
  --dimensions N  (default: 128)`,
  {
    vectors: { type: 'string', default: '100000' },
    queries: { type: 'string', default: '1000' },
    dimensions: { type: 'string', default: '128' },
  },
);
const count = readCount('vectors', values.vectors);
const queries = readCount('queries', values.queries);
const dimensions = readCount('dimensions', values.dimensions);
buildAssets();
const model = { name: 'bench', version: '1.0.0' };
const topK = 10;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function report(name: string, times: number[], more = ''): void {
  console.log(`| ${name} | ${quantile(times).toFixed(2)} | ${quantile(times, 0.99).toFixed(2)} | ${more} |`);
}

function clock<Result>(times: number[], work: () => Result): Result {
  const began = performance.now();
  const result = work();
  times.push(performance.now() - began);
  return result;
}

/** Resident bytes of this process, after a collection. */
function bytesInUse(): number {
  collect();
  return process.memoryUsage.rss();
}

const shapes = {
  normal: (random: () => number, i: number) => randomVector(random, dimensions, { spread: 1 + (i % 3) }),
  'in 100 tight clusters': (random: () => number, i: number) =>
    randomVector(random, dimensions, {
      around: randomVector(seededRandom(i % 100), dimensions),
      spread: 0.05,
    }),
};

async function exactness(size: number, shape: keyof typeof shapes): Promise<void> {
  const random = seededRandom(size);
  const storage = memoryStorage();
  const namespace = new Namespace(storage, () => storage.deleteAll());
  const vectors = Array.from({ length: size }, (_, i) => ({
    id: `${i}`,
    vector: shapes[shape](random, i),
    metadata: {},
  }));
  for (let i = 0; i < size; i += 100) namespace.upsert(model, vectors.slice(i, i + 100));
  const pairs = vectors.map(({ id, vector }) => [id, vector] as const);
  let found = 0;
  for (let i = 0; i < queries; i++) {
    const query = shapes[shape](random, i);
    const exact = new Set(nearestByForce(pairs, query, topK));
    const { matches } = await namespace.search({ model, vector: query }, { topK });
    found += matches.filter(({ id }) => exact.has(id)).length;
  }
  const recall = (100 * found) / (queries * topK);
  console.log(`| ${size} x ${dimensions}, ${shape} | ${queries} | ${recall.toFixed(3)} % |`);
}

console.log(`${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}\n`);

console.log(`| exactness | queries | recall@${topK} |\n| --- | ---: | ---: |`);
for (const size of [Math.ceil(count / 10), count])
  for (const shape of Object.keys(shapes)) await exactness(size, shape as keyof typeof shapes);

console.log(`\n| ${count} x ${dimensions}, top ${topK} | p50 ms | p99 ms | |\n| --- | ---: | ---: | --- |`);
await inWorkerd();
const random = seededRandom(1);
const data = Float32Array.from({ length: count * dimensions });
for (let i = 0; i < count; i++) data.set(randomVector(random, dimensions), i * dimensions);
const row = (i: number) => data.subarray(i * dimensions, (i + 1) * dimensions);
const wanted = Array.from({ length: 200 }, () => randomVector(random, dimensions));
const exact = await inNode();
plainLoop();
await hnswlib();
await sqliteVec();

async function inWorkerd(): Promise<void> {
  const state = await mkdtemp(join(tmpdir(), 'unlabel-bench-'));
  const start = () => startHosted({ entry: 'scripts/bench/workers/repeating.ts', state });
  let hosted = await start();
  const call = async (path: string, method = 'POST') => {
    const answer = await fetch(`${hosted.url}/bench/${path}`, { method });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${text}`);
    return text;
  };
  const search = (n: number, seed: number, more = '') =>
    call(`search?n=${n}&seed=${seed}&dimensions=${dimensions}${more}`);
  const timed = async (work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  try {
    for (let from = 0; from < count; from += 10_000)
      await call(`fill?from=${from}&to=${Math.min(count, from + 10_000)}&dimensions=${dimensions}`);
    const restart = async () => {
      await hosted.stop();
      hosted = await start();
      return call('kernel', 'GET');
    };
    const growth = async (work: () => Promise<unknown>) => {
      const before = residentBytes(hosted.pid);
      await work();
      return `${((residentBytes(hosted.pid) - before) / 1e6).toFixed(1)} MB`;
    };
    // Reading all rows leaves SQLite's pages and garbage behind, with an index and without.
    await restart();
    await fetch(`${hosted.url}/v1/index/bench`).then((answer) => answer.arrayBuffer());
    const alone = await growth(() => search(1, 1));
    const kernel = await restart();
    let loading = 0;
    const withReading = await growth(async () => {
      loading = await timed(() => search(1, 1));
    });
    for (const [name, more] of [
      [`in the Durable Object, ${kernel}`, ''],
      ['in the Durable Object, with a filter', '&label=class-3'],
    ] as const) {
      await search(50, 1, more);
      const times: number[] = [];
      for (let seed = 2; seed < 102; seed++) {
        const one = await timed(() => search(1, seed, more));
        times.push(((await timed(() => search(11, seed, more))) - one) / 10);
      }
      report(name, times);
    }
    const memory = `the index takes ${alone}, a fresh workerd grows by ${withReading}`;
    console.log(`| first search: loads the index | ${loading.toFixed(0)} | | ${memory} |`);
  } finally {
    await hosted.stop();
    await rm(state, { recursive: true, force: true });
  }
}

/** Resident bytes of workerd, which runs in the process group of `pid`. */
function residentBytes(pid: number): number {
  const rows = execFileSync('ps', ['-A', '-o', 'pgid=,rss=,comm='], { encoding: 'utf8' }).split('\n');
  const sizes = rows
    .map((line) => line.trim().split(/\s+/))
    .filter(([group, , name]) => Number(group) === pid && name?.includes('workerd'))
    .map(([, size]) => 1024 * Number(size));
  return Math.max(...sizes);
}

/** This process: the same code over node:sqlite. Gives the ids, by query. */
async function inNode(): Promise<string[][]> {
  const storage = memoryStorage();
  const namespace = new Namespace(storage, () => storage.deleteAll());
  for (let from = 0; from < count; from += 100) {
    const vectors = Array.from({ length: Math.min(100, count - from) }, (_, i) => ({
      id: `${from + i}`,
      vector: row(from + i),
      metadata: { label: `class-${(from + i) % 10}` },
    }));
    namespace.upsert(model, vectors);
  }
  const before = bytesInUse();
  const search = async (vector: Float32Array, filter?: { label: string }) =>
    (await namespace.search({ model, vector }, { topK, filter })).matches.map(({ id }) => id);
  await search(row(0), { label: 'class-1' });
  const memory = ((bytesInUse() - before) / 1e6).toFixed(1);
  const times: number[] = [];
  const ids: string[][] = [];
  for (const query of wanted) {
    const start = performance.now();
    ids.push(await search(query));
    times.push(performance.now() - start);
  }
  report('in this process', times, `${memory} MB with a metadata column`);
  return ids;
}

/** What one would write first: every vector as float32, a dot product each, and the best kept in order. */
function plainLoop(): void {
  const times: number[] = [];
  const found = wanted.map((query) =>
    clock(times, () => {
      const best: { score: number; id: string }[] = [];
      for (let i = 0, at = 0; i < count; i++) {
        let [dot, squares] = [0, 0];
        for (let j = 0; j < dimensions; j++, at++) {
          const value = data[at] as number;
          dot += value * (query[j] as number);
          squares += value * value;
        }
        const score = dot / Math.sqrt(squares);
        if (best.length === topK && score <= (best[topK - 1]?.score ?? 0)) continue;
        best.push({ score, id: `${i}` });
        best.sort((a, b) => b.score - a.score).splice(topK);
      }
      return best.map(({ id }) => id);
    }),
  );
  report(
    'plain float32 loop',
    times,
    `${recallOf(found)}, ${((4 * count * dimensions) / 1e6).toFixed(1)} MB`,
  );
}

/** A package that may not be installed. */
async function optional(name: string): Promise<Record<string, unknown> | undefined> {
  return import(name).then(
    (module) => module.default ?? module,
    () => void console.log(`| ${name} | | | not installed |`),
  );
}

function recallOf(found: string[][]): string {
  const hits = found.flatMap((ids, i) => ids.filter((id) => exact[i]?.includes(id))).length;
  return `recall ${((100 * hits) / (found.length * topK)).toFixed(1)} %`;
}

async function hnswlib(): Promise<void> {
  const module = await optional('hnswlib-node');
  if (!module) return;
  interface Hnsw {
    initIndex(options: object): void;
    addPoint(point: number[], label: number): void;
    setEf(ef: number): void;
    searchKnn(query: number[], count: number): { neighbors: number[] };
  }
  const Index = module.HierarchicalNSW as new (space: string, dimensions: number) => Hnsw;
  const index = new Index('cosine', dimensions);
  index.initIndex({ maxElements: count, m: 16, efConstruction: 100 });
  const began = performance.now();
  for (let i = 0; i < count; i++) index.addPoint(Array.from(row(i)), i);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  for (const ef of [100, 1000]) {
    index.setEf(ef);
    const times: number[] = [];
    const found = wanted.map((query) => {
      const numbers = Array.from(query);
      return clock(times, () => index.searchKnn(numbers, topK)).neighbors.map(String);
    });
    report(`hnswlib, m 16, ef ${ef}`, times, `${recallOf(found)}, built in ${seconds} s`);
  }
}

async function sqliteVec(): Promise<void> {
  const module = await optional('sqlite-vec');
  if (!module) return;
  const database = new DatabaseSync(':memory:', { allowExtension: true });
  (module.load as (database: DatabaseSync) => void)(database);
  database.exec(`CREATE VIRTUAL TABLE v USING vec0(e float[${dimensions}] distance_metric=cosine)`);
  const insert = database.prepare('INSERT INTO v (rowid, e) VALUES (?, ?)');
  database.exec('BEGIN');
  for (let i = 0; i < count; i++) insert.run(BigInt(i), new Uint8Array(row(i).slice().buffer));
  database.exec('COMMIT');
  const select = database.prepare(`SELECT rowid FROM v WHERE e MATCH ? AND k = ${topK}`);
  const times: number[] = [];
  const found = wanted
    .slice(0, 50)
    .map((query) =>
      clock(times, () => select.all(new Uint8Array(query.buffer))).map(({ rowid }) => String(rowid)),
    );
  report('sqlite-vec', times, recallOf(found));
}
