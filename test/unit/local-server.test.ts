import { afterEach, expect, test, vi } from 'vitest';
import { createEngine, createLocalEngine } from '../../src/local.ts';

afterEach(() => vi.unstubAllGlobals());

test.each([
  ['Node', {}],
  ['Deno, which has canvases', { createImageBitmap: () => {}, OffscreenCanvas: class {} }],
])('an engine that is made on a server loads nothing, and refuses calls: %s', async (_, globals) => {
  const fetch = vi.fn();
  for (const [name, value] of Object.entries({ ...globals, fetch })) vi.stubGlobal(name, value);
  const engine = createLocalEngine({ model: 'cifar10' });
  expect([engine.device, engine.thread, engine.reason, engine.manifest]).toEqual(Array(4).fill(undefined));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const image = new Uint8Array(8);
  const calls = [
    () => engine.ready,
    () => engine.classify(image),
    () => engine.embed([image]),
    () => engine.search({ id: 'a' }),
  ];
  for (const call of calls)
    await expect(call()).rejects.toMatchObject({
      name: 'UnlabelError',
      code: 'not_supported',
      message: expect.stringContaining('use createClient'),
    });
  engine.dispose();
  expect(fetch).not.toHaveBeenCalled();
});

test('an automatic engine on a server asks the hosted one', async () => {
  const answer = { source: 'hosted' };
  const hosted = { classify: async () => answer } as never;
  const automatic = createEngine({ hosted, local: createLocalEngine({ model: 'cifar10' }) });
  expect(await automatic.classify(new Uint8Array(8))).toBe(answer);
});
