import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { codecs } from '../../../src/image/codecs/codecs-node.ts';
import { nodeRuntime } from '../../../src/inference/runtime/runtime-node.ts';
import { createAppOn } from '../../../src/server/app.ts';
import type { App } from '../../../src/server/environment.ts';
import type { LogLine } from '../../../src/server/middleware/log.ts';
import type { Bindings } from '../../../src/server/platform.ts';

const folder = fileURLToPath(new URL('../../../model/', import.meta.url));

/** The shipped models as static assets. */
export const shippedAssets: Bindings['ASSETS'] = {
  async fetch(request) {
    const path = new URL(request.url).pathname.replace('/models/', '');
    if (path === 'index.json') return Response.json({ models: ['cifar10'] });
    return new Response(new Uint8Array(await readFile(folder + path)));
  },
};

/** The server in this process, for tests with their own bindings. */
export function createNodeApp(log: (line: LogLine) => void = () => {}): App {
  return createAppOn({ runtime: nodeRuntime, codecs }, { log });
}
