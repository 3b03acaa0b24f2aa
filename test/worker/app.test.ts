import { exports } from 'cloudflare:workers';
import { expect, test } from 'vitest';

const worker = (exports as unknown as { default: Fetcher }).default;

test('the Worker runs', async () => {
  const answer = await worker.fetch('https://unlabel.test/health');
  expect(await answer.json()).toEqual({ status: 'ok' });
});

test('the default model gives its golden output inside workerd', async () => {
  const answer = await worker.fetch('https://unlabel.test/ready');
  expect(await answer.json()).toEqual({ status: 'ready', model: 'cifar10' });
});
