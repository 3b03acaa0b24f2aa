import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Problem } from '../../src/index.ts';

/** A request as it arrived. */
export interface Received {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  body: Buffer<ArrayBuffer>;
}

/** What the server does with a request. */
export type Behaviour = (response: ServerResponse, received: Received) => void;

/** A server on this machine that lives as long as the test; its last behaviour is for all later requests too. */
export async function serve(...behaviours: Behaviour[]) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', headers } = request;
    const entry = {
      method,
      headers,
      url: new URL(request.url ?? '', 'http://localhost'),
      body: Buffer.alloc(0),
    };
    const behaviour = behaviours[received.push(entry) - 1] ?? behaviours.at(-1);
    entry.body = Buffer.from(await buffer(request));
    behaviour?.(response, entry);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

export const problem = (status: number, code: string, more: Partial<Problem> = {}, headers = {}): Behaviour =>
  json(
    { type: `/docs#${code}`, title: 'Title', status, detail: 'Detail', code, requestId: 'r1', ...more },
    status,
    { 'content-type': 'application/problem+json', 'x-request-id': 'r1', ...headers },
  );

export const cut: Behaviour = (response) => response.destroy();

export const cutHalfway: Behaviour = (response) => {
  response.writeHead(200, { 'content-length': 100 }).write('{"model":');
  setTimeout(() => response.destroy(), 20);
};

export const hang: Behaviour = () => {};

const answer = { model: { name: 'm', version: '1.0.0' }, source: 'hosted', device: 'wasm' };
const item = { predictions: [{ label: 'cat', index: 3, score: 0.75 }] };
export const classification = { ...answer, ...item };

/** Answers as the service does: a batch to multipart, with each image's first byte as the index of its prediction. */
export const classifies: Behaviour = async (response, { headers, body }) => {
  const type = headers['content-type'] ?? '';
  if (!type.startsWith('multipart/')) return json(classification)(response, {} as Received);
  const results = (await images({ headers, body })).map((bytes) => ({
    predictions: [{ label: 'cat', index: bytes[0], score: 1 }],
  }));
  json({ ...answer, results })(response, {} as Received);
};

/** The images of a multipart body. */
export async function images({ headers, body }: Pick<Received, 'headers' | 'body'>): Promise<Uint8Array[]> {
  const form = await new Response(body, {
    headers: { 'content-type': headers['content-type'] ?? '' },
  }).formData();
  return Promise.all(
    form.getAll('files').map(async (file) => new Uint8Array(await (file as File).arrayBuffer())),
  );
}
