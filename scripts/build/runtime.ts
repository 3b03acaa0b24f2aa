/**
 * Makes the trimmed runtimes, `dist/runtime/`, of the installed onnxruntime-web: finds out which of its functions the models
 * need by running them, removes the others, and checks that every model still answers with the very same bits. `ort.wasm`
 * is small, for the page. `ort-started.wasm` is quick, for the Worker: it begins with the memory of a runtime that has
 * started, and lacks the functions for that.
 *
 *     npm run build:runtime
 *
 * Takes a minute, and nothing where all that it depends on is as it was.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-web';
import { openOrtSession, startOrt } from '../../src/inference/ort/core.ts';
import type { OrtFactory } from '../../src/inference/ort/module.ts';
import { createOrtSession } from '../../src/inference/ort/session.ts';
import { type Open, provoke, runAll, type Transcript } from './runtime/exercise.ts';
import { singleThreaded, startersOf } from './runtime/glue.ts';
import { optimize, optimizer } from './runtime/optimize.ts';
import { hash, type Report, sizeOf, summary } from './runtime/report.ts';
import { resume } from './runtime/snapshot.ts';
import { models, probes, type Subject } from './runtime/subjects.ts';
import { either, instrument, trim } from './runtime/trim.ts';

const root = new URL('../../', import.meta.url);
const out = new URL('dist/runtime/', root);
const installed = new URL('node_modules/onnxruntime-web/', root);

const began = performance.now();
const log = (text: string) => console.log(`${((performance.now() - began) / 1000).toFixed(1)} s  ${text}`);

const { version } = JSON.parse(await readFile(new URL('package.json', installed), 'utf8'));
const stock = new Uint8Array(await readFile(new URL('dist/ort-wasm-simd-threaded.wasm', installed)));
const script = await readFile(new URL('dist/ort-wasm-simd-threaded.mjs', installed), 'utf8');
const [shipped, small] = [await models(root), await probes()];
const subjects = [...shipped, ...small];
const tools = new URL('runtime/', import.meta.url);
const sources = (await readdir(tools))
  .filter((name) => name.endsWith('.ts'))
  .sort()
  .map((name) => new URL(name, tools));
const inputs = hash(
  stock,
  script,
  await optimizer(),
  ...subjects.flatMap(({ name, height, width, weights }) => [`${name} ${height} ${width}`, weights]),
  ...(await Promise.all(
    [new URL(import.meta.url), new URL('src/inference/ort/core.ts', root), ...sources].map((url) =>
      readFile(url),
    ),
  )),
);
const last = await lastReport();
if (last?.inputs === inputs) {
  log(`dist/runtime is as it was: ${summary(last)}`);
  process.exit();
}

const glue = await singleThreaded(script);
const { default: factory }: { default: OrtFactory } = await import(
  `data:text/javascript,${encodeURIComponent(glue)}`
);

log(`onnxruntime-web ${version}: finding out what ${subjects.length} networks use`);
const expected = new Map([
  ...(await runAll(stockWith('all'), shipped.filter(isOptimized))),
  ...(await runAll(
    stockWith('disabled'),
    shipped.filter((subject) => !isOptimized(subject)),
  )),
]);
const noting = instrument(stock);
const { open, instance, memory } = await start(noting.wasm);
// The first session makes the list of all kernels there are.
const [smallest] = small.toSorted((a, b) => a.weights.length - b.weights.length);
await (await open((smallest as Subject).weights)).release();
const snapshot = { memory: new Uint8Array(memory.buffer.slice(0)), globals: noting.globals(instance) };
const starting = noting.profile(instance);
const found = { answers: await runAll(open, subjects), refusals: await provoke(open, small) };
const running = noting.profile(instance);
const ran = either(starting, running);

const modules = {
  'ort.wasm': await optimize(trim(stock, ran)),
  'ort-started.wasm': await optimize(resume(trim(stock, running), snapshot, startersOf(script))),
};
log('trimmed and optimized');

for (const [file, wasm] of Object.entries(modules)) {
  const { open } = await start(wasm);
  const answers = await runAll(open, subjects);
  const wrong =
    difference(expected, answers) ??
    difference(found.answers, answers) ??
    difference(found.refusals, await provoke(open, small));
  if (wrong) throw new Error(`${file} is not like the stock runtime: ${wrong}`);
}
log('every answer has the bits of the stock runtime');

const report: Report = {
  onnxruntime: version,
  functions: { stock: ran.functions.length, started: count(running.functions), kept: count(ran.functions) },
  files: {
    'ort-wasm-simd-threaded.wasm': sizeOf(stock),
    ...Object.fromEntries(Object.entries(modules).map(([file, wasm]) => [file, sizeOf(wasm)])),
    'ort.js': sizeOf(Buffer.from(glue)),
  },
  networks: subjects.map(({ name, weights }) => ({ name, sha256: hash(weights) })),
  answers: found.answers.size,
  refusals: found.refusals.size,
  inputs,
};
await mkdir(out, { recursive: true });
for (const [file, wasm] of Object.entries(modules)) await writeFile(new URL(file, out), wasm);
await writeFile(
  new URL('ort.js', out),
  `/*! onnxruntime-web, Copyright (c) Microsoft Corporation, MIT licence */
${glue}export const version = '${report.onnxruntime}-${hash(modules['ort.wasm']).slice(0, 12)}';
`,
);
await writeFile(new URL('report.json', out), `${JSON.stringify(report, null, 2)}\n`);
log(`dist/runtime: ${summary(report)}`);
process.exit();

function count(flags: readonly boolean[]): number {
  return flags.filter((flag) => flag).length;
}

/** Starts a module, and gives a way to open networks in it. */
async function start(wasm: Uint8Array<ArrayBuffer>) {
  const module = await WebAssembly.compile(wasm);
  let instance: WebAssembly.Instance | undefined;
  let memory: WebAssembly.Memory | undefined;
  const { error } = console;
  // The script keeps the function that it finds: what damaged files make onnxruntime say is no news here.
  console.error = () => {};
  const starting = startOrt(factory, module, async (imports) => {
    memory = Object.values(imports.a ?? {}).find((value) => value instanceof WebAssembly.Memory);
    instance = await WebAssembly.instantiate(module, imports);
    return instance;
  });
  console.error = error;
  const ort = await starting;
  if (!instance || !memory)
    throw new Error('The script of onnxruntime-web has made no instance or no memory');
  return { open: (weights: Uint8Array) => openOrtSession(ort, weights), instance, memory };
}

/** Whether the export has optimized a network already: the trimmed runtime does not. */
function isOptimized({ name }: Subject): boolean {
  return name.includes('.int8.');
}

/** The stock runtime. */
function stockWith(graphOptimizationLevel: 'all' | 'disabled'): Open {
  ort.env.wasm.numThreads = 1;
  return async (weights) => {
    const session = await createOrtSession(ort, weights, { graphOptimizationLevel });
    return {
      run: (pixels, [batch, height, width]) => session.run(pixels, [batch, height, width]),
      release: () => session.release(),
    };
  };
}

/** The first thing that two runtimes did not do alike. */
function difference(expected: Transcript, actual: Transcript): string | undefined {
  return [...expected.keys()].find((what) => actual.get(what) !== expected.get(what));
}

/** The last report, if the files are those that it tells of. */
async function lastReport(): Promise<Report | undefined> {
  try {
    const report: Report = JSON.parse(await readFile(new URL('report.json', out), 'utf8'));
    for (const file of ['ort.wasm', 'ort-started.wasm'])
      if (report.files[file]?.sha256 !== hash(await readFile(new URL(file, out)))) return undefined;
    return report;
  } catch {
    return undefined;
  }
}
