import { drawPng } from '../harness/inputs/draw-png.ts';
import { milliseconds } from './measure.ts';

/** A picture of the network's input size. */
export const png = drawPng(32, 32, (x, y) => [x * 8, y * 8, (x * y) % 256]);
/** Its pixels, as the network takes them. */
export const tensor = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => {
  const [x, y] = [Math.floor(i / 3) % 32, Math.floor(i / 96)];
  return [x * 8, y * 8, (x * y) % 256][i % 3] as number;
});

/** Posts a body, and reads the whole answer. */
export async function post(
  url: string,
  body: Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const answer = await fetch(url, { method: 'POST', body, headers });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  return answer;
}

/**
 * Milliseconds of one repetition of `/bench/...` inside the Worker. Measured from outside, as many repetitions minus one,
 * since a Worker's clock may stand still while code runs.
 */
export async function inside(
  url: string,
  body: Uint8Array<ArrayBuffer>,
  times: number,
  headers?: Record<string, string>,
): Promise<number> {
  const to = (n: number) => `${url}${url.includes('?') ? '&' : '?'}n=${n}`;
  const one = await milliseconds(() => post(to(1), body, headers));
  const many = await milliseconds(() => post(to(times + 1), body, headers));
  return (many - one) / times;
}

/** Milliseconds per request over HTTP at a concurrency: the inverse of the throughput. */
export async function overHttp(
  url: string,
  body: Uint8Array<ArrayBuffer>,
  concurrency: number,
  times: number,
): Promise<number> {
  let left = times;
  const caller = async () => {
    while (left-- > 0) await post(url, body);
  };
  return (await milliseconds(() => Promise.all(Array.from({ length: concurrency }, caller)))) / times;
}
