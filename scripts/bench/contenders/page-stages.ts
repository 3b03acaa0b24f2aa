/** Times what a first answer is made of, one after the other, where the engine does at the same time what it can. */
import factory, { starters } from '../../../dist/runtime/ort.js';
import { version } from '../../../dist/runtime/version.js';
import { openOrtSession, startOrt } from '../../../src/inference/ort/core.ts';
import { instantiate, type Parts, packState, resumeState } from '../../../src/inference/ort/state.ts';
import { createBrowserCache } from '../../../src/local/files/cache.ts';
import { compile } from '../../../src/local/files/compile-web.ts';
import { deploymentOf } from '../../../src/local/files/deployment.ts';
import { getManifest, getWeights } from '../../../src/local/files/model-files.ts';
import { runtimeFileOf } from '../../../src/local/files/runtime-file.ts';
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
  const file = runtimeFileOf(deployment, version, 'ort.wasm', compile);

  const code = await trimmed.code();
  const host = await timed('Worker', () => connectWorker(code.startWorker()));
  host.dispose();
  const manifest = await timed('manifest', () => getManifest(deployment, signal));
  const int8 = manifest.files.find(({ precision }) => precision === 'int8') as (typeof manifest.files)[0];
  const weights = await timed('weights, and their hash', () => getWeights(deployment, int8, { signal }));
  const module = await timed('runtime, and its compilation', () => file.module(signal));
  const state = await timed('state of the runtime', () => file.state());
  let parts: Parts | undefined;
  let instantiated = 0;
  const ort = await timed('start of the runtime', () =>
    startOrt(factory, module, async (imports) => {
      const began = performance.now();
      parts = await instantiate(module, imports);
      instantiated = performance.now() - began;
      return state ? resumeState(parts, state, starters) : parts.instance;
    }),
  );
  found['start of the runtime'] = (found['start of the runtime'] as number) - instantiated;
  found['instance of the runtime'] = instantiated;
  if (!state) await file.keepState(packState(parts as unknown as Parts));
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
