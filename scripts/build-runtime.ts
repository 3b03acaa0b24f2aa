/**
 * Makes the trimmed runtime, `dist/runtime/`, of the installed onnxruntime-web: finds out which of its functions the
 * models need by running them, removes the others, and checks that every model still answers with the very same bits.
 *
 *     npm run build:runtime
 *
 * Takes a minute, and nothing where all that it depends on is as it was.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { openOrtSession, startOrt } from '../src/inference/ort-core.ts';
import type { OrtFactory } from '../src/inference/ort-module.ts';
import { nodeRuntime } from '../src/inference/runtime-node.ts';
import { type Open, provoke, runAll, type Transcript } from './runtime/exercise.ts';
import { singleThreaded } from './runtime/glue.ts';
import { optimize, optimizer } from './runtime/optimize.ts';
import { hash, type Report, sizeOf, summary } from './runtime/report.ts';
import { models, probes } from './runtime/subjects.ts';
import { instrument, trim } from './runtime/trim.ts';

const root = new URL('../', import.meta.url);
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
    [new URL(import.meta.url), new URL('src/inference/ort-core.ts', root), ...sources].map((url) =>
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
const instrumented = instrument(stock);
const profiled = await start(instrumented.wasm);
const answers = await runAll(profiled.open, subjects);
const refusals = await provoke(profiled.open, small);
const profile = instrumented.profile(profiled.instance);
const kept = profile.functions.filter((ran) => ran).length;
log(`${kept} of ${profile.functions.length} functions`);

const trimmed = trim(stock, profile);
const wasm =
  last?.trimmed === hash(trimmed, await optimizer())
    ? await readFile(new URL('ort.wasm', out))
    : await optimize(trimmed);
log('trimmed and optimized');

const { open } = await start(wasm);
same(await runAll(open, subjects), answers);
same(await provoke(open, small), refusals);
same(await runAll(stockOpen, shipped), answers);
log('every answer has the bits of the stock runtime');

const report: Report = {
  onnxruntime: version,
  functions: { stock: profile.functions.length, kept },
  files: {
    'ort-wasm-simd-threaded.wasm': sizeOf(stock),
    'ort.wasm': sizeOf(wasm),
    'ort.js': sizeOf(Buffer.from(glue)),
  },
  networks: subjects.map(({ name, weights }) => ({ name, sha256: hash(weights) })),
  answers: answers.size,
  refusals: refusals.size,
  trimmed: hash(trimmed, await optimizer()),
  inputs,
};
await mkdir(out, { recursive: true });
await writeFile(new URL('ort.wasm', out), wasm);
await writeFile(
  new URL('ort.js', out),
  `/*! onnxruntime-web, Copyright (c) Microsoft Corporation, MIT licence */\n${glue}export const version="${version}-${hash(wasm).slice(0, 12)}";\n`,
);
await writeFile(new URL('report.json', out), `${JSON.stringify(report, null, 2)}\n`);
log(`dist/runtime: ${summary(report)}`);
process.exit();

/** Starts a module, and gives a way to open networks in it. */
async function start(wasm: Uint8Array<ArrayBuffer>): Promise<{ open: Open; instance: WebAssembly.Instance }> {
  const module = await WebAssembly.compile(wasm);
  let instance: WebAssembly.Instance | undefined;
  const ort = await startOrt(factory, module, async (imports) => {
    instance = await WebAssembly.instantiate(module, imports);
    return instance;
  });
  return { open: (weights) => openOrtSession(ort, weights), instance: instance as WebAssembly.Instance };
}

async function stockOpen(weights: Uint8Array) {
  const session = await nodeRuntime.load(weights);
  return {
    run: (pixels: Uint8Array, [batch, height, width]: [number, number, number, number]) =>
      session.run(pixels, [batch, height, width]),
    release: () => session.release(),
  };
}

/** @throws Error where a runtime did something else than was expected of it. */
function same(actual: Transcript, expected: Transcript): void {
  for (const [what, result] of actual)
    if (result !== expected.get(what))
      throw new Error(`The trimmed runtime is not like the stock one at ${what}: ${result}`);
}

async function lastReport(): Promise<Report | undefined> {
  try {
    const report: Report = JSON.parse(await readFile(new URL('report.json', out), 'utf8'));
    const wasm = await readFile(new URL('ort.wasm', out));
    return report.files['ort.wasm']?.sha256 === hash(wasm) ? report : undefined;
  } catch {
    return undefined;
  }
}
