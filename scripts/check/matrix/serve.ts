import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../harness/servers/hosted.ts';
import { toolsOf } from '../examples/package.ts';

/** What serves a project. */
export interface Server {
  url: string;
  stop(): Promise<void>;
}

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
};

/** Serves the files of a folder. */
export async function serveFolder(folder: string): Promise<Server> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    const file = await readFile(join(folder, path)).catch(() => undefined);
    response
      .writeHead(file ? 200 : 404, { 'content-type': types[extname(path)] ?? 'application/octet-stream' })
      .end(file);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Runs a program of a project that serves it, where its arguments say `PORT`. */
export async function serveByProgram(folder: string, [program = '', ...args]: string[]): Promise<Server> {
  const port = await freePort();
  const child = spawn(
    program,
    args.map((arg) => (arg === 'PORT' ? `${port}` : arg)),
    { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: toolsOf(folder) },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      log = (log + chunk).slice(-5_000);
    });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const stop = async () => {
    // Its own process group, so that the signal reaches what it has started.
    if (child.pid && isRunning()) process.kill(-child.pid, 'SIGTERM');
    await ended;
  };
  const url = `http://127.0.0.1:${port}/`;
  for (let tries = 0; tries < 120 && isRunning(); tries++) {
    if (await fetch(url).catch(() => undefined)) return { url, stop };
    await sleep(500);
  }
  await stop();
  throw new Error(`${program} does not serve ${folder}:\n${log}`);
}
