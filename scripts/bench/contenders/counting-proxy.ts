import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';

/** A way with a bandwidth and a delay. */
export interface Link {
  bitsPerSecond: number;
  /** Milliseconds there and back. */
  roundTripMs: number;
}

/**
 * Starts a byte-counting proxy: counts everything that a server sends, headers included. It rewrites `accept-encoding` to
 * brotli, which Cloudflare and package networks send; the development server would choose gzip for a browser that takes both.
 *
 * @param link - what all connections share. Default: no limit.
 */
export async function startCountingProxy(
  url: string,
  link?: Link,
): Promise<{ url: string; bytes(): number; stop(): void }> {
  let bytes = 0;
  let busyUntil = 0;
  /** Does something when so many bytes have come over the link. */
  const later = (length: number, work: () => void) => {
    if (!link) return work();
    busyUntil = Math.max(performance.now(), busyUntil) + (8000 * length) / link.bitsPerSecond;
    setTimeout(work, busyUntil - performance.now() + link.roundTripMs / 2);
  };
  const { hostname, port } = new URL(url);
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    // A connection begins with a round trip of its own.
    const ready = new Promise((resolve) => setTimeout(resolve, link?.roundTripMs ?? 0));
    near.on('data', async (chunk) => {
      const request = chunk.toString('latin1').replace(/(?<=\r\naccept-encoding: )[^\r]*/i, 'br');
      await ready;
      later(0, () => far.write(request, 'latin1'));
    });
    near.on('end', () => far.end());
    far.on('data', (chunk) => {
      bytes += chunk.length;
      later(chunk.length, () => near.write(chunk));
    });
    far.on('end', () => later(0, () => near.end()));
    for (const socket of [near, far]) socket.on('error', () => [near, far].map((each) => each.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => bytes,
    stop: () => void server.close(),
  };
}
