import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { errorCodes } from '../../../../src/contract/error-codes.ts';
import { problem } from '../../../../src/contract/schemas/inference.ts';
import type { LogLine } from '../../../../src/server/middleware/log.ts';
import type { Bindings } from '../../../../src/server/platform.ts';
import { memoryObjects } from '../../servers/memory-objects.ts';
import { createNodeApp, shippedAssets } from '../../servers/shipped.ts';
import { mostInputBytes } from '../fuzz.ts';
import { must, type Target } from '../target.ts';
import { apiSeeds, apiTokens, key, prepared, restrictedKey } from './api-seeds.ts';
import { decodeRequest, encodeRequest, shapeRequest } from './request.ts';

/** Requests after which the stores are made anew: every namespace that is named takes memory. */
const requestsOfStore = 200;

let logged: LogLine | undefined;
const app = createNodeApp((line) => {
  logged = line;
});

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const fixed = {
  ASSETS: {
    fetch: (request: Request) =>
      shippedAssets.fetch(request).catch(() => new Response(null, { status: 404 })),
  },
  API_KEY_HASHES: `${digest(key)} ${digest(restrictedKey)}:read;namespaces=a`,
};

let env: Bindings | undefined;
let requests = 0;

/** Stores with something in them, always the same. */
async function environment(): Promise<Bindings> {
  if (env && ++requests % requestsOfStore !== 0) return env;
  env = { ...fixed, ...memoryObjects() };
  for (const request of prepared) {
    const { status } = await app.request(decodeRequest(encodeRequest(request)) as Request, {}, env);
    must(status === 200, `${status} for what is stored beforehand`);
  }
  return env;
}

/** The whole server in this process, and its network: a request of any form, which is never the server's fault. */
export const api: Target = {
  seeds: apiSeeds,
  tokens: apiTokens,
  maxBytes: mostInputBytes,
  shape: shapeRequest,
  async run(input) {
    const request = decodeRequest(input);
    if (!request) return 'no request';
    request.headers.set('x-request-id', 'fuzz');
    const { method } = request;
    const answer = await app.request(request, {}, await environment());
    const body = new Uint8Array(await answer.arrayBuffer());
    const { status } = answer;
    // What was not written must have left everything as it was.
    if (status < 300 && method !== 'GET' && method !== 'HEAD' && method !== 'POST') env = undefined;
    must(status < 500 || status === 501, `${status} with ${logged?.detail}\n${logged?.cause}`);
    if (status < 400 || body.length === 0) return `${status} ${crc32(body)}`;
    const { code, title, detail } = problem.parse(JSON.parse(new TextDecoder().decode(body)));
    must(status === errorCodes[code][0] && title === errorCodes[code][1], `${status} for ${code}`);
    return `${code}: ${detail}`;
  },
};
