import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../../scripts/harness/inputs/draw-png.ts';
import { type Hosted, startHosted } from '../../../scripts/harness/servers/hosted.ts';
import { createClient } from '../../../src/index.ts';

let hosted: Hosted;
let openai: OpenAI;
beforeAll(async () => {
  hosted = await startHosted();
  openai = new OpenAI({ baseURL: `${hosted.url}/v1`, apiKey: 'none', maxRetries: 0 });
});
afterAll(() => hosted?.stop());

const pngs = [8, 4].map((step) => drawPng(32, 32, (x, y) => [step * x, step * y, 100]));
const [first, second] = pngs.map((png) => `data:image/png;base64,${Buffer.from(png).toString('base64')}`) as [
  string,
  string,
];

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

test("OpenAI's client gets the embeddings that our own gets", async () => {
  const expected = await createClient({ url: hosted.url }).embed(pngs);
  const { data, model } = await openai.embeddings.create({ model: 'cifar10', input: [first, second] });
  expect(model).toBe('cifar10');
  expect(data.map(({ index }) => index)).toEqual([0, 1]);
  expect(data.map(({ embedding }) => embedding)).toEqual(
    expected.map(({ embedding }) => Array.from(embedding)),
  );
});

test.each(['float', 'base64'] as const)('one image, as %s', async (encoding_format) => {
  const request = { model: 'cifar10', input: first, encoding_format, dimensions: 128, user: 'u-1' };
  const { data, usage } = await openai.embeddings.create(request);
  expect(data).toHaveLength(1);
  expect(data[0]?.embedding).toHaveLength(encoding_format === 'float' ? 128 : 684);
  expect(usage).toEqual({ prompt_tokens: 0, total_tokens: 0 });
});

test("an image in a message, as vLLM's clients send it", async () => {
  const content = [{ type: 'image_url', image_url: { url: first } }];
  const body = { model: 'cifar10', messages: [{ role: 'user', content }], encoding_format: 'float' };
  const { data } = await openai.post<OpenAI.CreateEmbeddingResponse>('/embeddings', { body });
  const { data: same } = await openai.embeddings.create({
    model: 'cifar10',
    input: first,
    encoding_format: 'float',
  });
  expect(data).toEqual(same);
});

test.each([
  ['a text', { input: 'a photo of a cat' }, 'input[0]', 'the server fetches no addresses'],
  ['an address', { input: ['https://example.com/a.png'] }, 'input[0]', 'the server fetches no addresses'],
  ['base64 that is none', { input: 'data:image/png;base64,%%' }, 'input[0]', 'must be base64'],
  ['bytes that are no image', { input: 'data:image/png;base64,AAAA' }, 'input[0]', 'JPEG, PNG or WebP'],
  ['other dimensions', { input: first, dimensions: 64 }, 'dimensions', 'dimensions must be 128'],
  ['no image', { input: [] }, 'input', '1 to 32'],
  ['33 images', { input: Array(33).fill(first) }, 'input', '1 to 32'],
  ['an unknown member', { input: first, stream: true }, undefined, 'stream'],
  ['both forms', { input: first, messages: [{ role: 'user', content: [] }] }, 'input', 'either'],
])('%s is refused with what is wrong', async (_, request, param, message) => {
  const error = await failureOf(openai.post('/embeddings', { body: { model: 'cifar10', ...request } }));
  expect(error).toBeInstanceOf(APIError);
  const { code, param: field, message: text } = error as APIError;
  expect(code).toMatch(/^invalid_(parameter|image)$|^unsupported_media_type$/);
  expect(field ?? undefined).toBe(param);
  expect(text).toContain(message);
});

test('an unknown model is not found', async () => {
  const error = await failureOf(openai.embeddings.create({ model: 'clip', input: first }));
  expect(error).toMatchObject({ status: 404, code: 'model_not_found' });
});

test('base64 in this API’s own form may have line breaks and a prefix', async () => {
  const plain = Buffer.from(pngs[0] as Uint8Array).toString('base64');
  const broken = plain.replace(/.{76}/g, '$&\n');
  const answers: unknown[] = [];
  for (const image of [plain, broken, `data:image/png;base64,${broken}`, plain.replace(/=+$/, '')]) {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const answer = await fetch(`${hosted.url}/v1/classify`, { ...init, body: JSON.stringify({ image }) });
    expect(answer.status).toBe(200);
    answers.push(await answer.json());
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
});
