/**
 * Makes the trimmed runtime, `dist/runtime/ort.wasm`, from the installed onnxruntime-web. Removes the operators that no
 * network has, runs all networks to find the functions that they use, removes the others, gives the rest the memory of a
 * started runtime, and checks that every answer keeps its bits.
 *
 * Takes a minute, and nothing when its inputs have not changed.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { transform } from 'esbuild';
import * as ort from 'onnxruntime-web';
import { openOrtSession, startOrt } from '../../src/inference/ort/core.ts';
import type { OrtFactory } from '../../src/inference/ort/module.ts';
import { createOrtSession } from '../../src/inference/ort/session.ts';
import { parseCommand } from '../harness/command.ts';
import { type Open, provokeErrors, runAll, type Transcript } from './runtime/exercise.ts';
import { singleThreaded, startersOf } from './runtime/glue.ts';
import { type Network, probeNetworks, shippedNetworks } from './runtime/networks.ts';
import { optimize, optimizerVersion } from './runtime/optimize.ts';
import { hash, type Report, sizeOf, summary } from './runtime/report.ts';
import { cutSchemas, recordSchemas } from './runtime/schemas.ts';
import { resume } from './runtime/snapshot.ts';
import { instrument, trim, unshare } from './runtime/trim.ts';

parseCommand(
  `Usage: npm run build -- runtime

Makes dist/runtime/ort.wasm from the installed onnxruntime-web: removes the operators that no network has, runs every
network, removes the functions that none has called, keeps the memory of a started runtime, and compares all answers bit
by bit. Does nothing when its inputs have not changed.`,
  {},
);
const root = new URL('../../', import.meta.url);
const out = new URL('dist/runtime/', root);
const installed = new URL('node_modules/onnxruntime-web/', root);

const began = performance.now();
const log = (text: string) => console.log(`${((performance.now() - began) / 1000).toFixed(1)} s  ${text}`);

const { version } = JSON.parse(await readFile(new URL('package.json', installed), 'utf8'));
const stock = new Uint8Array(await readFile(new URL('dist/ort-wasm-simd-threaded.wasm', installed)));
const script = await readFile(new URL('dist/ort-wasm-simd-threaded.mjs', installed), 'utf8');
const [shipped, probes] = [await shippedNetworks(root), await probeNetworks()];
const networks = [...shipped, ...probes];
const tools = new URL('runtime/', import.meta.url);
const sources = (await readdir(tools))
  .filter((name) => name.endsWith('.ts'))
  .sort()
  .map((name) => new URL(name, tools));
const inputs = hash(
  stock,
  script,
  await optimizerVersion(),
  ...networks.flatMap(({ name, height, width, weights }) => [`${name} ${height} ${width}`, weights]),
  ...(await Promise.all(
    [new URL(import.meta.url), new URL('src/inference/ort/core.ts', root), ...sources].map(codeOf),
  )),
);
const last = await lastReport();
if (last?.inputs === inputs) {
  log(`dist/runtime is up to date: ${summary(last)}`);
  process.exit();
}

const glue = await singleThreaded(script);
const { default: factory }: { default: OrtFactory } = await import(
  `data:text/javascript,${encodeURIComponent(glue)}`
);

log(`onnxruntime-web ${version}: profiling ${networks.length} networks`);
const expected = new Map([
  ...(await runAll(stockWith('all'), shipped.filter(isOptimized))),
  ...(await runAll(
    stockWith('disabled'),
    shipped.filter((network) => !isOptimized(network)),
  )),
]);
const lean = await withoutOtherOperators(unshare(stock));
log(`${lean.used} of ${lean.all} operators`);
const recording = instrument(lean.wasm);
const { open, instance, memory } = await start(recording.wasm);
// The first session registers all kernels: take the snapshot after one.
const [smallest] = probes.toSorted((a, b) => a.weights.length - b.weights.length);
await (await open((smallest as Network).weights)).release();
const snapshot = { memory: new Uint8Array(memory.buffer.slice(0)), globals: recording.globals(instance) };
recording.profile(instance); // forgets what the start ran
const found = { answers: await runAll(open, networks), refusals: await provokeErrors(open, probes) };
const ran = recording.profile(instance);

const runtime = await optimize(resume(trim(lean.wasm, ran), snapshot, startersOf(script)));
log('trimmed and optimized');

const trimmed = await start(runtime);
const answers = await runAll(trimmed.open, networks);
const wrong =
  difference(expected, answers) ??
  difference(found.answers, answers) ??
  difference(found.refusals, await provokeErrors(trimmed.open, probes));
if (wrong) throw new Error(`The trimmed runtime does not answer as the stock runtime does: ${wrong}`);
log('every answer has the bits of the stock runtime');

const report: Report = {
  onnxruntime: version,
  operators: { stock: lean.all, kept: lean.used },
  functions: { stock: ran.functions.length, kept: ran.functions.filter((used) => used).length },
  files: {
    'ort.wasm': sizeOf(runtime),
    'ort.js': sizeOf(Buffer.from(glue)),
  },
  networks: networks.map(({ name, weights }) => ({ name, sha256: hash(weights) })),
  answers: found.answers.size,
  refusals: found.refusals.size,
  inputs,
};
await mkdir(out, { recursive: true });
await writeFile(new URL('ort.wasm', out), runtime);
await writeFile(
  new URL('ort.js', out),
  `/*! onnxruntime-web, Copyright (c) Microsoft Corporation, MIT license */
${glue}`,
);
// Of its own, for a page that leaves the script to its Worker.
await writeFile(
  new URL('version.js', out),
  `export const version = '${report.onnxruntime}-${hash(runtime).slice(0, 12)}';\n`,
);
await writeFile(new URL('report.json', out), `${JSON.stringify(report, null, 2)}\n`);
log(`dist/runtime: ${summary(report)}`);
process.exit();

/** Removes the schemas of the operators that no network has, by name or after onnxruntime has taken another one apart. */
async function withoutOtherOperators(wasm: Uint8Array) {
  const recording = recordSchemas(wasm);
  const { instance, memory } = await start(recording.wasm);
  const all = recording.names(instance, memory);
  const used = new Set(all.filter((name) => networks.some((network) => hasOperator(network.weights, name))));
  for (;;) {
    const lean = cutSchemas(
      wasm,
      all.map((name) => used.has(name)),
    );
    const missing = await missingOperator(lean);
    if (!missing) return { wasm: lean, used: used.size, all: new Set(all).size };
    if (used.has(missing) || !all.includes(missing))
      throw new Error(`The operator ${missing} is missing after the schemas of others were cut out`);
    used.add(missing);
  }
}

/** Whether a network has an operator: whether its file has the name in the field `op_type`. */
function hasOperator(weights: Uint8Array, name: string): boolean {
  return Buffer.from(weights.buffer, weights.byteOffset, weights.length).includes(
    `"${String.fromCharCode(name.length)}${name}`,
    'latin1',
  );
}

/** An operator without which a module cannot open a network. */
async function missingOperator(wasm: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const { open } = await start(wasm);
  for (const { weights } of networks)
    try {
      await (await open(weights)).release();
    } catch (error) {
      const [, unknown, unfit] = /No Op registered for (\w+)|find kernel for (\w+)/.exec(String(error)) ?? [];
      const missing = unknown ?? unfit;
      if (missing) return missing;
      throw error;
    }
}

/** Starts a module, and returns how to open networks in it. */
async function start(wasm: Uint8Array<ArrayBuffer>) {
  const module = await WebAssembly.compile(wasm);
  let parts: { instance: WebAssembly.Instance; memory: WebAssembly.Memory } | undefined;
  const { error } = console;
  // The script keeps the `console.error` that it finds. Silence it: damaged files are given on purpose.
  console.error = () => {};
  const starting = startOrt(factory, module, async (imports) => {
    const memory = Object.values(imports.a ?? {}).find((value) => value instanceof WebAssembly.Memory);
    if (!memory) throw new Error("Expected onnxruntime-web's script to make a memory");
    parts = { instance: await WebAssembly.instantiate(module, imports), memory };
    return parts.instance;
  });
  console.error = error;
  const ort = await starting;
  return {
    open: (weights: Uint8Array) => openOrtSession(ort, weights),
    ...(parts as unknown as NonNullable<typeof parts>),
  };
}

/** Whether the network was optimized when it was exported; the trimmed runtime optimizes none. */
function isOptimized({ name }: Network): boolean {
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

/** The first input that two runtimes treated differently. */
function difference(expected: Transcript, actual: Transcript): string | undefined {
  return [...expected.keys()].find((what) => actual.get(what) !== expected.get(what));
}

/** The last report, unless the runtimes have changed since. */
async function lastReport(): Promise<Report | undefined> {
  try {
    const report: Report = JSON.parse(await readFile(new URL('report.json', out), 'utf8'));
    return report.files['ort.wasm']?.sha256 === hash(await readFile(new URL('ort.wasm', out)))
      ? report
      : undefined;
  } catch {
    return undefined;
  }
}

/** The code of a module without comments, so that a new wording makes no new runtime. */
async function codeOf(file: URL): Promise<string> {
  const { code } = await transform(await readFile(file, 'utf8'), { loader: 'ts', minifyWhitespace: true });
  return code;
}
