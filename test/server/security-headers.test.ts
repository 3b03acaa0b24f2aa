import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';

let hosted: Hosted;
beforeAll(async () => {
  hosted = await startHosted();
});
afterAll(() => hosted?.stop());

test.each([
  ['/', 200],
  ['/docs', 200],
  ['/pages/page.js', 200],
  ['/health', 200],
  ['/v1/models', 200],
  ['/v1/models/cifar10/cifar10.int8.onnx', 200],
  ['/v1/nothing', 404],
  ['/v1/vectors/absent', 404],
])('%s is taken for nothing but what it is', async (path, status) => {
  const answer = await fetch(hosted.url + path);
  const text = await answer.text();
  expect(answer.status).toBe(status);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
    'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
  });
  const isPage = answer.headers.get('content-type')?.startsWith('text/html');
  const isScript = path.endsWith('.js');
  // What a page or its Worker may load is in the page; anything else that is opened as one loads nothing.
  if (isPage)
    expect(text).toContain(
      `http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'`,
    );
  else if (!isScript) expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
});
