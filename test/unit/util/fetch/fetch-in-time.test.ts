import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { fetchInTime } from '../../../../src/util/fetch/fetch-in-time.ts';

/** Fetches from a server that answers so, with 300 ms for each wait. */
async function fetchFrom(answer: (response: ServerResponse) => void, init: RequestInit = {}) {
  const server = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return (await fetchInTime(url, init, 300, () => new Error('too late'))).text();
}

test('a body that takes longer than one wait arrives, if its parts do in time', async () => {
  const text = await fetchFrom(async (response) => {
    for (const part of ['a', 'b', 'c', 'd', 'e']) {
      response.write(part);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    response.end();
  });
  expect(text).toBe('abcde');
});

test.each([
  ['that never answers', () => {}],
  ['whose body stops', (response: ServerResponse) => void response.write('a')],
])('a server %s is given up', async (_, answer) => {
  await expect(fetchFrom(answer)).rejects.toThrow('too late');
});

test('an abort of the caller keeps its reason', async () => {
  const reason = new Error('the user left');
  const signal = AbortSignal.abort(reason);
  await expect(fetchFrom(() => {}, { signal })).rejects.toBe(reason);
});
