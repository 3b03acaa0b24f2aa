/** Times what a first answer is made of, one after the other, where the engine does at the same time what it can. */
import factory from '../../../dist/runtime/ort.js';
import { version } from '../../../dist/runtime/version.js';
import { openOrtSession, startOrt } from '../../../src/inference/ort/core.ts';
import { createBrowserCache } from '../../../src/local/files/cache.ts';
import { compile } from '../../../src/local/files/compile-web.ts';
import { deploymentOf } from '../../../src/local/files/deployment.ts';
import { getManifest, getWeights } from '../../../src/local/files/model-files.ts';
import { getRuntime } from '../../../src/local/files/runtime-file.ts';
import { connectWorker } from '../../../src/local/host/worker-host.ts';
import { trimmed } from '../../../src/local/runtimes/trimmed-web.ts';
import { decodeBase64 } from '../../../src/util/base64.ts';
import { rgb } from './page-frame.ts';

/** Milliseconds by stage, in the order of the table. */
export type Stages = Record<string, number>;

async function measureStages(): Promise<Stages> {
  const found: Stages = { 'navigation, page and script': performance.now() };
  async function timed<Result>(stage: string, work: () => Result | Promise<Result>): Promise<Result> {
    const began = performance.now();
    const result = await work();
    found[stage] = performance.now() - began;
    return result;
  }
  const { signal } = new AbortController();
  const deployment = deploymentOf(
    { model: '/model/manifest.json', runtimeUrl: '/runtime/' },
    createBrowserCache(),
  );

  const code = await trimmed.code();
  const host = await timed('Worker', () => connectWorker(code.startWorker()));
  host.dispose();
  const manifest = await timed('manifest', () => getManifest(deployment, signal));
  const int8 = manifest.files.find(({ precision }) => precision === 'int8') as (typeof manifest.files)[0];
  const weights = await timed('weights, and their hash', () => getWeights(deployment, int8, { signal }));
  const module = await timed('runtime, and its compilation', () =>
    getRuntime(deployment, version, 'ort.wasm', compile, signal),
  );
  const ort = await timed('start of the runtime', () => startOrt(factory, module));
  const session = await timed('session', () => openOrtSession(ort, weights));
  await timed('golden input', () => session.run(decodeBase64(manifest.golden.input), [1, 32, 32, 3]));
  await timed('first run', () => session.run(rgb, [1, 32, 32, 3]));
  await timed('second run', () => session.run(rgb, [1, 32, 32, 3]));
  return found;
}

declare global {
  var stages: Promise<Stages>;
}
globalThis.stages = measureStages();
