import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startHosted } from '../../harness/servers/hosted.ts';
import { type Check, expectAnswer } from './example.ts';
import { run } from './package.ts';

/** Type-checks the Worker, runs it in workerd, and asks its own route, then stores and finds the picture. */
export const checkWorker: Check = async ({ folder, picture }) => {
  run(folder, {}, 'tsc');
  const worker = await startHosted({ project: folder, state: join(folder, '.wrangler/state'), mount: '/ai' });
  try {
    const image = await readFile(picture);
    const described = await fetch(new URL('/describe', worker.url), { method: 'POST', body: image });
    const answer = expectAnswer(await described.text(), /^This looks like: \w+$/);
    const stored = await fetch(`${worker.url}/v1/vectors`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ vectors: [{ id: 'picture', image: image.toString('base64') }] }),
    });
    expectAnswer(await stored.text(), /"upserted":1/);
    const found = await fetch(`${worker.url}/v1/search`, { method: 'POST', body: image });
    expectAnswer(await found.text(), /"matches":\[\{"id":"picture"/);
    return answer;
  } finally {
    await worker.stop();
  }
};
