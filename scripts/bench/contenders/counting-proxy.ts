import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';

/**
 * Starts a byte-counting proxy: counts everything that a server sends, headers included. It rewrites `accept-encoding` to
 * brotli, which Cloudflare and package networks send; the development server would choose gzip for a browser that takes both.
 */
export async function startCountingProxy(
  url: string,
): Promise<{ url: string; bytes(): number; stop(): void }> {
  let bytes = 0;
  const { hostname, port } = new URL(url);
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.on('data', (chunk) => {
      far.write(chunk.toString('latin1').replace(/(?<=\r\naccept-encoding: )[^\r]*/i, 'br'), 'latin1');
    });
    near.on('end', () => far.end());
    far.on('data', (chunk) => {
      bytes += chunk.length;
    });
    far.pipe(near);
    for (const socket of [near, far]) socket.on('error', () => [near, far].map((each) => each.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => bytes,
    stop: () => void server.close(),
  };
}
