import { expect, test } from 'vitest';
import { errorCodes } from '../../src/contract/error-codes.ts';
import * as unlabel from '../../src/index.ts';
import { type Behaviour, classification, json, problem, serve } from './serve.ts';

const image = new Uint8Array([1, 2, 3]);

async function failure(
  behaviour: Behaviour,
  call = (client: unlabel.Client): Promise<unknown> => client.classify(image),
) {
  const { url } = await serve(behaviour);
  const error = await call(unlabel.createClient({ url, maxRetries: 0 })).catch((error) => error);
  expect(error).toBeInstanceOf(unlabel.UnlabelApiError);
  expect(error).toBeInstanceOf(unlabel.UnlabelError);
  return error as unlabel.UnlabelApiError;
}

const exported: Record<string, unknown> = { ...unlabel };
/** `rate_limited` -> `RateLimitedError`. */
const className = (code: string) =>
  `${code.replace(/(?:^|_)(.)/g, (_, first) => first.toUpperCase())}Error`.replace('ErrorError', 'Error');

test.each(Object.entries(errorCodes))('%s has its class', async (code, [status]) => {
  const error = await failure(problem(status, code, { field: 'image', detail: 'The reason' }));
  expect(error).toBeInstanceOf(exported[className(code)]);
  expect(error.constructor.name).toBe(className(code));
  expect(error).toMatchObject({ code, status, field: 'image', message: 'The reason', requestId: 'r1' });
  expect(error.problem).toMatchObject({ type: `/docs#${code}`, title: 'Title' });
  expect(error.headers.get('content-type')).toBe('application/problem+json');
});

test.each([
  [400, 'invalid_request'],
  [402, 'invalid_request'],
  [404, 'not_found'],
  [413, 'body_too_large'],
  [429, 'rate_limited'],
  [500, 'internal_error'],
  [502, 'internal_error'],
  [503, 'overloaded'],
  [504, 'internal_error'],
])('a page that a proxy sends with %i is %s', async (status, code) => {
  const error = await failure((response) => {
    response.writeHead(status, { 'content-type': 'text/html', 'x-request-id': 'p1' }).end('<h1>Sorry</h1>');
  });
  expect(error).toBeInstanceOf(exported[className(code)]);
  expect(error).toMatchObject({ code, status, problem: undefined, field: undefined, requestId: 'p1' });
  expect(error.message).toMatch(
    /^Expected an answer of the Unlabel API from http:.*\/v1\/classify, got HTTP \d+ with text\/html$/,
  );
  expect(error.message).toContain(`HTTP ${status}`);
  expect(error.cause).toBeInstanceOf(SyntaxError);
});

test.each([
  'null',
  '7',
  '[]',
  '{}',
  '{"detail":"x"}',
  '{"code":1,"detail":"x"}',
  '{"code":"overloaded"}',
  '',
])('the error body %j is no problem', async (body) => {
  const error = await failure((response) => void response.writeHead(404).end(body));
  expect(error).toMatchObject({ code: 'not_found', status: 404, problem: undefined });
});

test.each(['of_a_newer_server', 'constructor', '__proto__'])(
  'the unknown code %s goes by its status',
  async (code) => {
    const error = await failure(problem(422, code));
    expect(error).toBeInstanceOf(unlabel.InvalidParameterError);
    expect(error).toMatchObject({ code: 'invalid_parameter', message: 'Detail', problem: { code } });
  },
);

const embedding = { ...classification, embedding: 'AACAPw==', dimensions: 1 };
test.each<[string, Behaviour, (client: unlabel.Client) => Promise<unknown>]>([
  ['HTML', (response) => void response.end('<h1>Welcome</h1>'), (client) => client.classify(image)],
  ['null', json(null), (client) => client.classify(image)],
  ['no model', json({ predictions: [] }), (client) => client.classify(image)],
  ['no predictions', json({}), (client) => client.classify(image)],
  ['odd predictions', json({ ...classification, predictions: [1] }), (client) => client.classify(image)],
  ['no results', json(classification), (client) => client.classify([image])],
  ['too few results', json({ ...classification, results: [] }), (client) => client.classify([image])],
  ['no embedding', json(classification), (client) => client.embed(image)],
  ['bad base64', json({ ...embedding, embedding: '%' }), (client) => client.embed(image)],
  ['other dimensions', json({ ...embedding, dimensions: 2 }), (client) => client.embed(image)],
  ['no models', json({ default: 'm' }), (client) => client.models.list()],
  ['no manifest', json(['m']), (client) => client.models.get('m')],
])('a success with %s is a typed error', async (_, behaviour, call) => {
  const error = await failure(behaviour, call);
  expect(error).toMatchObject({ code: 'internal_error', status: 200, problem: undefined });
  expect(error.cause).toBeInstanceOf(Error);
});
