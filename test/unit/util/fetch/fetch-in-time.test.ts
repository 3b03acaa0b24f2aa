import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { fetchInTime } from '../../../../src/util/fetch/fetch-in-time.ts';

/** Fetches from a server that answers so, with 300 ms for each wait. */
async function fetchFrom(
  answer: (response: ServerResponse) => void,
  init: RequestInit = {},
): Promise<Response> {
  const server = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return fetchInTime(url, init, 300, () => new Error('too late'));
}

const textFrom = async (...args: Parameters<typeof fetchFrom>) => (await fetchFrom(...args)).text();

test('a body that takes longer than one wait arrives, if its parts do in time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const begun = Promise.withResolvers<ServerResponse>();
  const response = await fetchFrom((response) => {
    response.flushHeaders();
    begun.resolve(response);
  });
  const sent = await begun.promise;
  const reader = response.body?.getReader();
  for (const part of 'abcde') {
    const reading = reader?.read();
    vi.advanceTimersByTime(200);
    sent.write(part);
    expect(new TextDecoder().decode((await reading)?.value)).toBe(part);
  }
  sent.end();
  expect((await reader?.read())?.done).toBe(true);
});

test.each([
  ['that never answers', () => {}],
  ['whose body stops', (response: ServerResponse) => void response.write('a')],
])('a server %s is given up', async (_, answer) => {
  await expect(textFrom(answer)).rejects.toThrow('too late');
});

test('an abort of the caller keeps its reason', async () => {
  const reason = new Error('the user left');
  const signal = AbortSignal.abort(reason);
  await expect(textFrom(() => {}, { signal })).rejects.toBe(reason);
});
