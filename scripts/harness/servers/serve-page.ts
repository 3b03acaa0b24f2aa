import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Options of esbuild for what a page loads: modules in memory, with code splitting. */
export const forPages = {
  outdir: 'out',
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  write: false,
  logLevel: 'warning',
} as const;

/** A page with a script, on its own origin. */
export interface ServedPage {
  /** Its address. */
  url: string;
  stop(): Promise<void>;
}

/**
 * Bundles a script as a user of esbuild would, with the package's Workers as entries, and serves it on a page.
 *
 * @param options.script - from the root of the repository.
 * @param options.isolated - makes the page cross-origin isolated, so that it may use threads.
 * @param options.workers - serves the Workers' files.
 * @param options.headers - further headers of the page, such as a Content-Security-Policy.
 * @param options.scripts - origin of the page's script. Default: the page's.
 * @param options.answer - answers requests before the page's files do; false passes one on.
 */
export async function servePage({
  script = 'test/browser/fixture.ts',
  isolated = false,
  workers = true,
  headers = {},
  scripts: scriptOrigin = '',
  answer = () => false,
}: {
  script?: string;
  isolated?: boolean;
  workers?: boolean;
  headers?: Record<string, string>;
  scripts?: string;
  answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
} = {}): Promise<ServedPage> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [
      { in: script, out: 'script' },
      ...(workers ? ['trimmed', 'stock', 'webgpu'] : []).map((build) => ({
        in: `src/local/runtimes/worker-${build}-web.ts`,
        out: `worker-${build}-web`,
      })),
    ],
    ...forPages,
  });
  const scripts = new Map(
    outputFiles.map(({ path, contents }) => [
      `/${basename(path)}`,
      { br: brotliCompressSync(contents), identity: contents },
    ]),
  );
  const isolation = isolated
    ? { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }
    : {};
  const server = createServer((request, response) => {
    if (answer(request, response)) return;
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const found = scripts.get(pathname);
    // Browsers take Brotli on secure origins only.
    const encoding = /\bbr\b/.test(`${request.headers['accept-encoding']}`) ? 'br' : 'identity';
    if (found)
      response
        .writeHead(200, {
          'content-type': 'text/javascript',
          'content-encoding': encoding,
          // The page of another origin may run it.
          'access-control-allow-origin': '*',
          ...isolation,
        })
        .end(found[encoding]);
    else if (pathname === '/')
      response
        .writeHead(200, { 'content-type': 'text/html', ...isolation, ...headers })
        .end(
          `<!doctype html><title>Test</title><link rel="icon" href="data:,"><script type="module" src="${scriptOrigin}/script.js"></script>`,
        );
    else if (pathname === '/picture.svg')
      response
        .writeHead(200, { 'content-type': 'image/svg+xml' })
        .end('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>');
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
