import { odd, replaced } from '../../inputs/bodies.ts';

/** A request as text: method and path, lines of headers, an empty line, the body. */
export interface RequestParts {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: BodyInit;
}

/** Puts a request into the bytes of an input. */
export function encodeRequest({ method, path, headers, body }: RequestParts): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
  const head = Buffer.from(`${method} ${path}\n${lines.join('')}\n`, 'latin1');
  return Buffer.concat([head, Buffer.from(body as string)]);
}

/** @returns undefined for what no HTTP server would let through. */
export function decodeRequest(input: Uint8Array): Request | undefined {
  const end = endOfHead(input);
  const [first = '', ...lines] = Buffer.from(input.subarray(0, end)).toString('latin1').split('\n');
  const at = first.indexOf(' ');
  const method = first.slice(0, at);
  try {
    const headers = lines.filter(Boolean).map((line) => line.split(/: ?(.*)/, 2) as [string, string]);
    const hasBody = !/^(GET|HEAD)$/i.test(method);
    return new Request(new URL(`http://localhost${first.slice(at + 1)}`), {
      method,
      headers,
      ...(hasBody && { body: new Uint8Array(input.subarray(end)) }),
    });
  } catch {
    return undefined;
  }
}

function endOfHead(input: Uint8Array): number {
  const end = Buffer.from(input.buffer, input.byteOffset, input.length).indexOf('\n\n');
  return end < 0 ? input.length : end + 2;
}

/** Values that mean something in one place or another. */
const pieces: unknown[] = [
  ...odd.filter((value) => JSON.stringify(value).length < 1_000),
  ...[{ eq: 1 }, { in: ['cat', 1, true] }, { gt: 'a', lte: 3 }, { label: { gte: 1 } }, [[1, 2], [3]]],
  ...['a', 'AACAPwAAAEA=', [1, 2, 3, 4], [1e39], [1e-46, 0], { name: 'm', version: '1' }, { id: 'a' }],
];

/** Repeats a piece of a body up to this length, where time that grows faster than the body shows. */
const stretchedBytes = 1_000_000;

/** Replaces a member of a JSON body, or adds one, at any depth; or repeats a piece of a body many times. */
export function shapeRequest(input: Uint8Array, random: () => number): Uint8Array {
  const end = endOfHead(input);
  if (random() < 1 / 64) return stretched(input, end, random);
  try {
    const json: unknown = JSON.parse(Buffer.from(input.subarray(end)).toString());
    const piece = pieces[Math.floor(pieces.length * random())];
    const all = [...replaced(json, piece)];
    const body = JSON.stringify(all[Math.floor(all.length * random())]);
    return Buffer.concat([input.subarray(0, end), Buffer.from(body)]);
  } catch {
    return input;
  }
}

function stretched(input: Uint8Array, end: number, random: () => number): Uint8Array {
  const from = end + Math.floor((input.length - end) * random());
  const to = from + 1 + Math.floor(40 * random());
  const piece = input.subarray(from, to);
  if (piece.length === 0) return input;
  const times = Math.floor(stretchedBytes / piece.length);
  return Buffer.concat([
    input.subarray(0, from),
    ...Array<Uint8Array>(times).fill(piece),
    input.subarray(to),
  ]);
}
