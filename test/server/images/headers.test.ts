import { type Profiler, Session } from 'node:inspector';
import { expect, test } from 'vitest';
import { readFixture } from '../../../scripts/harness/inputs/parity-fixtures.ts';
import { createNodeApp, shippedAssets } from '../../../scripts/harness/servers/shipped.ts';

const app = createNodeApp();
const names = ['baseline-420.jpg', 'progressive-420.jpg', 'rgb.png', 'lossy.webp'];
const post = async (path: string, files: string[], field = 'files') => {
  const form = new FormData();
  for (const name of files) form.append(field, new Blob([new Uint8Array(readFixture(`images/${name}`))]));
  const answer = await app.request(path, { method: 'POST', body: form }, { ASSETS: shippedAssets });
  expect(answer.status).toBe(200);
};

/** How often functions were called meanwhile, by name, as V8 counts it. */
async function callsOf(work: () => Promise<unknown>): Promise<Map<string, number>> {
  const session = new Session();
  session.connect();
  const counts = new Map<string, number>();
  try {
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await work();
    session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error) throw error;
      const ours = result.filter(({ url }: Profiler.ScriptCoverage) => url.includes('/src/image/'));
      for (const { functionName, ranges } of ours.flatMap(({ functions }) => functions))
        counts.set(functionName, (counts.get(functionName) ?? 0) + (ranges[0]?.count ?? 0));
    });
  } finally {
    session.disconnect();
  }
  return counts;
}

test('the header of an image is walked once, alone and in a batch', async () => {
  await post('/v1/classify', names);
  const calls = await callsOf(async () => {
    await post('/v1/classify', names);
    for (const name of names) await post('/v1/embeddings', [name], 'file');
  });
  expect(calls.get('readHeader')).toBe(2 * names.length);
  expect(calls.get('readJpegHeader')).toBe(4);
  // One scan of the baseline file, ten of the progressive one.
  expect(calls.get('endOfScan')).toBe(2 * (1 + 10));
});
