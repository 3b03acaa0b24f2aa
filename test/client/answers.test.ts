import { brotliCompressSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { limits } from '../../src/contract/limits.ts';
import {
  type Client,
  ConnectionError,
  createClient,
  InternalError,
  RateLimitedError,
  RedirectError,
  TimeoutError,
  UnlabelApiError,
  UnlabelError,
} from '../../src/index.ts';
import { type Behaviour, classification, classifies, json, problem, serve } from './serve.ts';

const image = new Uint8Array([1, 2, 3]);
const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('no error'),
    (error) => error,
  );

const writes: [string, (client: Client) => Promise<unknown>][] = [
  ['upsert', (client) => client.vectors.upsert([{ id: 'a', vector: [1] }])],
  ['delete', (client) => client.vectors.delete('a')],
  ['clear', (client) => client.vectors.clear({ namespace: 'n' })],
  ['classes.create', (client) => client.classes.create('set', { a: [[1]] })],
  ['classes.delete', (client) => client.classes.delete('set')],
];
const noAnswers: [string, unknown][] = [
  ['{}', {}],
  ['null', null],
  ['true', true],
  ['another namespace or name', { namespace: 'other', name: 'other', upserted: 1, classes: [1] }],
  ['fewer vectors', { namespace: 'default', upserted: 0, name: '', classes: [] }],
];
// Of `delete`, the namespace is all that the service says.
const isAnswer = (name: string, body: string) => name === 'delete' && body === 'fewer vectors';
test.each(
  writes.flatMap(([name, call]) =>
    noAnswers
      .filter(([body]) => !isAnswer(name, body))
      .map(([body, value]) => [name, body, call, value] as const),
  ),
)('%s is not done by an answer of %s', async (_, __, call, value) => {
  const { url } = await serve(json(value));
  const error = await failureOf(call(createClient({ url })));
  expect(error).toBeInstanceOf(InternalError);
  expect(error.message).toMatch(/^Expected an answer of the Unlabel API from http:.* of another shape$/);
});

test.each([301, 302, 303, 307, 308])('a redirect of %i is not followed', async (status) => {
  const elsewhere = await serve(classifies);
  const { url, received } = await serve((response) =>
    response.writeHead(status, { location: `${elsewhere.url}/login` }).end(),
  );
  const client = createClient({ url, apiKey: 'secret' });
  for (const [, call] of [...writes, ['classify', (client: Client) => client.classify(image)] as const]) {
    const error = await failureOf(call(client));
    expect(error).toBeInstanceOf(RedirectError);
    expect(error).toMatchObject({ name: 'RedirectError', code: 'redirected', status: 0 });
    expect(error.message).toContain(url);
    expect(error.message).toContain(`${elsewhere.url}/login`);
  }
  expect(elsewhere.received).toHaveLength(0);
  expect(received).toHaveLength(writes.length + 1);
});

test('a redirect that a fetch has followed is an error too', async () => {
  const response = Object.defineProperty(Response.json(classification), 'redirected', { value: true });
  const error = await failureOf(createClient({ url: 'http://a', fetch: () => response }).classify(image));
  expect(error).toBeInstanceOf(RedirectError);
});

test('a small answer that decompresses to a gigabyte is given up', async () => {
  const bomb = brotliCompressSync(Buffer.alloc(64 * 1024 * 1024, ' '));
  expect(bomb.length).toBeLessThan(1000);
  const { url, received } = await serve((response) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'br' }).end(bomb),
  );
  const error = await failureOf(createClient({ url }).models.list());
  expect(error).toBeInstanceOf(UnlabelApiError);
  expect(error.message).toContain(`of more than ${limits.answerBytes} bytes`);
  expect(received).toHaveLength(1);
});

test.each<[string, Behaviour]>([
  [
    'the same cursor again',
    json({ namespace: 'n', count: 2, vectors: [{ id: 'a', metadata: {} }], cursor: 'c' }),
  ],
  ['empty pages', json({ namespace: 'n', count: 2, vectors: [], cursor: 'c' })],
])('a list does not go on for ever with %s', async (_, behaviour) => {
  const { url, received } = await serve(behaviour);
  const read = async () => {
    for await (const _ of createClient({ url }).vectors.list());
  };
  expect(await failureOf(read())).toBeInstanceOf(InternalError);
  expect(received.length).toBeLessThanOrEqual(2);
});

test('a fetch that does not listen to its signal is given up, too', async () => {
  const client = createClient({
    url: 'http://a',
    fetch: () => new Promise(() => {}),
    timeout: 50,
    maxRetries: 0,
  });
  await expect(client.classify(image)).rejects.toThrow(
    new TimeoutError('No answer from http://a/v1/classify within 50 ms'),
  );
  const reason = new Error('the user left');
  await expect(client.classify(image, { timeout: 60_000, signal: AbortSignal.timeout(50) })).rejects.toThrow(
    DOMException,
  );
  const controller = new AbortController();
  const call = client.classify(image, { timeout: 60_000, signal: controller.signal });
  controller.abort(reason);
  await expect(call).rejects.toBe(reason);
});

test('the type of a body goes before a header of the caller', async () => {
  const { url, received } = await serve(classifies);
  const headers = { 'content-type': 'application/json', 'Content-Type': 'text/plain', 'x-trace': 'a' };
  const client = createClient({ url, headers });
  await client.classify([image]);
  await client.search([1]).catch(() => {});
  expect(received.map(({ headers }) => headers['content-type'])).toEqual([
    expect.stringMatching(/^multipart\/form-data; boundary=/),
    'application/json',
  ]);
  expect(received[0]?.headers['x-trace']).toBe('a');
});

afterEach(() => vi.restoreAllMocks());

test('one signal for many calls is listened to once, and not at all afterwards', async () => {
  const { url } = await serve(classifies);
  const { signal } = new AbortController();
  const add = vi.spyOn(signal, 'addEventListener');
  const remove = vi.spyOn(signal, 'removeEventListener');
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on('warning', warn);
  const client = createClient({ url });
  await Promise.all(Array.from({ length: 40 }, () => client.classify(image, { signal })));
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('warning', warn);
  expect(warnings).toEqual([]);
  expect(add).toHaveBeenCalledTimes(1);
  expect(remove).toHaveBeenCalledTimes(1);
});

test('an abort ends all calls that follow one signal', async () => {
  const { url } = await serve(() => {});
  const controller = new AbortController();
  const reason = new Error('the user left');
  const client = createClient({ url });
  const calls = Array.from({ length: 20 }, () => client.classify(image, { signal: controller.signal }));
  setTimeout(() => controller.abort(reason), 100);
  for (const outcome of await Promise.allSettled(calls))
    expect(outcome).toEqual({ status: 'rejected', reason });
});

test.each<[string, () => unknown, RegExp]>([
  [
    'nothing',
    () => createClient({} as { url: string }),
    /^createClient needs the option url: expected the address/,
  ],
  ['an empty url', () => createClient({ url: '' }), /^createClient needs the option url/],
  ['no address', () => createClient({ url: 'localhost' }), /^Invalid url "localhost": expected the address/],
  ['another protocol', () => createClient({ url: 'ftp://a' }), /^Invalid url "ftp:\/\/a"/],
  [
    'a password',
    () => createClient({ url: 'https://user:pass@a' }),
    /^The url cannot have a user name or password/,
  ],
  [
    'a key with a line break',
    () => createClient({ url: 'http://a', apiKey: 'secret\nx' }),
    /^The apiKey can have only/,
  ],
])('a client of %s is told what is wrong', (_, create, message) => {
  expect(create).toThrow(message);
  expect(create).toThrow(TypeError);
  expect(create).not.toThrow(/secret|pass@/);
});

test('every error has the one base class, a name of its own and a code', async () => {
  const limited = await serve(problem(429, 'rate_limited', {}, { 'retry-after': '7' }));
  const error = await failureOf(createClient({ url: limited.url, maxRetries: 0 }).classify(image));
  expect(error).toBeInstanceOf(RateLimitedError);
  expect(error).toMatchObject({ name: 'RateLimitedError', code: 'rate_limited', retryAfter: 7 });
  const busy = await serve(problem(503, 'overloaded'));
  expect(
    (await failureOf(createClient({ url: busy.url, maxRetries: 0 }).classify(image))).retryAfter,
  ).toBeUndefined();

  const gone = await failureOf(createClient({ url: 'http://127.0.0.1:1', maxRetries: 0 }).models.list());
  expect(gone).toBeInstanceOf(UnlabelError);
  expect(gone).toBeInstanceOf(ConnectionError);
  expect(gone).toMatchObject({ name: 'ConnectionError', code: 'connection_failed', status: 0 });
  expect(gone.message).toBe('http://127.0.0.1:1/v1/models cannot be reached');
  const late = await failureOf(
    createClient({ url: (await serve(() => {})).url, maxRetries: 0, timeout: 50 }).models.list(),
  );
  expect(late).toBeInstanceOf(UnlabelError);
  expect(late).toMatchObject({ name: 'TimeoutError', code: 'timeout', status: 0 });
});
