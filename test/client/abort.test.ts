import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { createClient } from '../../src/index.ts';
import { type Behaviour, classifies, hang, json, serve } from './serve.ts';

const image = new Uint8Array([1, 2, 3]);
const reason = new Error('the user left');

test('a call with an aborted signal sends nothing', async () => {
  const { url, received } = await serve(classifies);
  const signal = AbortSignal.abort(reason);
  const client = createClient({ url });
  await expect(client.classify(image, { signal })).rejects.toBe(reason);
  await expect(client.embed([image], { signal })).rejects.toBe(reason);
  await expect(client.models.list({ signal })).rejects.toBe(reason);
  expect(received).toHaveLength(0);
});

test.each([
  ['the answer is awaited', hang],
  ['the answer arrives', (response) => void response.writeHead(200).write('{')],
  ['it waits to send again', json({}, 503, { 'retry-after': '60' })],
] as [string, Behaviour][])('an abort while %s ends the call at once, for good', async (_, behaviour) => {
  const { url, received } = await serve(behaviour);
  const controller = new AbortController();
  const call = createClient({ url }).classify(image, { signal: controller.signal });
  const settled = expect(call).rejects.toBe(reason);
  await vi.waitFor(() => expect(received).toHaveLength(1));
  await delay(50);
  controller.abort(reason);
  await settled;
  await delay(50);
  expect(received).toHaveLength(1);
});

test('a deadline of the user is told from the timeout', async () => {
  const { url, received } = await serve(hang);
  const call = createClient({ url }).classify(image, { signal: AbortSignal.timeout(500) });
  await expect(call).rejects.toMatchObject({ constructor: DOMException, name: 'TimeoutError' });
  expect(received).toHaveLength(1);
});

test('an abort after the answer does nothing, and leaves no listener behind', async () => {
  const { url } = await serve(json({}, 503, { 'retry-after': '0.01' }), classifies);
  const controller = new AbortController();
  const add = vi.spyOn(controller.signal, 'addEventListener');
  const remove = vi.spyOn(controller.signal, 'removeEventListener');
  await createClient({ url }).classify(image, { signal: controller.signal });
  expect(add).toHaveBeenCalled();
  expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
  controller.abort(reason);
});
