import { limits } from '../../../src/contract/limits.ts';
import { drawPng } from './draw-png.ts';
import { data, header, png } from './png-file.ts';

/** A request that is made to cost much. */
export interface Attack {
  name: string;
  path: string;
  method: string;
  body: string | Uint8Array<ArrayBuffer>;
  type: string;
  /** Whether it is within all limits; it is refused otherwise. */
  isAccepted: boolean;
}

const most = limits.bodyBytes - 1_024;
const json = (name: string, method: string, path: string, body: string, isAccepted = false): Attack => ({
  name,
  method,
  path,
  body,
  type: 'application/json',
  isAccepted,
});
/** As many copies of a text as a body has room for, or fewer. */
const repeat = (text: string, count = Number.POSITIVE_INFINITY) =>
  Array(Math.min(count, Math.floor(most / (text.length + 1))))
    .fill(text)
    .join();
const keys = (value: string, count: number) =>
  Array.from({ length: count }, (_, i) => `"k${i}":${value}`).join();

/** A PNG of zeros of the most pixels: some kilobytes that cost all that a picture may. */
function largestPng(): Uint8Array<ArrayBuffer> {
  const side = Math.sqrt(limits.imagePixels);
  return new Uint8Array(png(header(side, side), data(new Uint8Array(side * (1 + 3 * side)))));
}

function formOf(count: number, file: Uint8Array): Uint8Array<ArrayBuffer> {
  const part = (name: string) =>
    Buffer.from(`--x\r\nContent-Disposition: form-data; name="${name}"; filename="a"\r\n\r\n`);
  const parts = Array.from({ length: count }, () => [part('files'), file, Buffer.from('\r\n')]).flat();
  return new Uint8Array(Buffer.concat([...parts, Buffer.from('--x--\r\n')]));
}

/** Attacks on every route that takes a body. */
export function attacks(): Attack[] {
  const small = Buffer.from(drawPng(4, 4, () => [1, 2, 3])).toString('base64');
  const large = largestPng();
  const vector = `[${repeat('0.123456789', limits.dimensions)}]`;
  const base64 = 'A'.repeat(most - (most % 4) - 512);
  return [
    json(
      'filter keys of lists',
      'POST',
      '/v1/search',
      `{"id":"a","filter":{${keys(`{"in":[${repeat('[]', 100)}]}`, 26_200)}}}`,
    ),
    json('filter keys', 'POST', '/v1/search', `{"id":"a","filter":{${keys('{}', 600_000)}}}`),
    json('filter values', 'POST', '/v1/search', `{"id":"a","filter":{"a":{"in":[${repeat('{}')}]}}}`),
    json(
      'filter of the most keys',
      'POST',
      '/v1/search',
      `{"id":"a","filter":{${keys(`{"in":[${repeat('[]', 127)}]}`, 128)}}}`,
    ),
    json('numbers of a class', 'PUT', '/v1/classes/a', `{"classes":{"a":[{"vector":[${repeat('1')}]}]}}`),
    json(
      'words for numbers',
      'PUT',
      '/v1/classes/a',
      `{"classes":{"a":[{"vector":[${repeat('""', 250_000)}]}]}}`,
    ),
    json(
      'numbers for pictures',
      'PUT',
      '/v1/classes/a',
      `{"classes":{${keys(`[${repeat('1', 2_000)}]`, 128)}}}`,
    ),
    json(
      'pictures of a class',
      'PUT',
      '/v1/classes/a',
      `{"classes":{"a":[${repeat(`{"image":"${small}"}`, 2_000)}]}}`,
    ),
    json(
      'keys of metadata',
      'PUT',
      '/v1/vectors',
      `{"vectors":[{"id":"a","vector":[1],"metadata":{${keys('1', 400_000)}}}]}`,
    ),
    json(
      'a long key',
      'PUT',
      '/v1/vectors',
      `{"vectors":[{"id":"a","vector":[1],"metadata":{"${base64}":1}}]}`,
    ),
    json(
      'a long name',
      'PUT',
      '/v1/vectors',
      `{"vectors":[{"id":"a","vector":[1],"model":{"name":"${base64}","version":"1"}}]}`,
    ),
    json(
      'a long version',
      'PUT',
      '/v1/classes/a',
      `{"classes":{"a":[{"vector":[1],"model":{"name":"a","version":"${base64}"}}]}}`,
    ),
    json('empty objects', 'PUT', '/v1/vectors', `{"vectors":[${repeat('{}')}]}`),
    json('images', 'POST', '/v1/classify', `{"images":[${repeat('""')}]}`),
    json('braces', 'POST', '/v1/embeddings', '{"a":'.repeat(most / 5)),
    json('a number', 'POST', '/v1/embeddings', `{"image":${'1'.repeat(most)}}`),
    json('escapes', 'POST', '/v1/embeddings', `{"image":"${'\\u0041'.repeat(most / 6)}"}`),
    json('one image of words', 'POST', '/v1/classify', `{"image":"é${base64}"}`),
    json('one image', 'POST', '/v1/classify', `{"image":"${base64}"}`),
    json(
      'vectors as numbers',
      'PUT',
      '/v1/vectors',
      `{"namespace":"long","vectors":[${Array.from({ length: 100 }, (_, i) => `{"id":"v${i}","vector":${vector},"model":{"name":"m","version":"1"},"metadata":{"a":"${'x'.repeat(2_000)}"}}`).join()}]}`,
      true,
    ),
    json(
      'classes as numbers',
      'PUT',
      '/v1/classes/a',
      `{"classes":{${keys(`[{"vector":${vector},"model":{"name":"m","version":"1"}}]`, 100)}}}`,
      true,
    ),
    {
      name: 'parts',
      method: 'POST',
      path: '/v1/classify',
      body: formOf(100_000, new Uint8Array()),
      type: 'multipart/form-data; boundary=x',
      isAccepted: false,
    },
    {
      name: 'lines',
      method: 'POST',
      path: '/v1/classify',
      body: new Uint8Array(Buffer.alloc(most, '\r\n--')),
      type: 'multipart/form-data; boundary=x',
      isAccepted: false,
    },
    {
      name: '32 pictures of 4 MP',
      method: 'POST',
      path: '/v1/classify',
      body: formOf(32, large),
      type: 'multipart/form-data; boundary=x',
      isAccepted: false,
    },
    {
      name: '15 pictures of 4 MP',
      method: 'POST',
      path: '/v1/classify',
      body: formOf(15, large),
      type: 'multipart/form-data; boundary=x',
      isAccepted: true,
    },
    {
      name: 'a picture of 4 MP',
      method: 'POST',
      path: '/v1/search',
      body: large,
      type: 'image/png',
      isAccepted: true,
    },
    {
      name: '32 pictures',
      method: 'POST',
      path: '/v1/embeddings',
      body: formOf(32, Buffer.from(small, 'base64')),
      type: 'multipart/form-data; boundary=x',
      isAccepted: true,
    },
  ];
}
