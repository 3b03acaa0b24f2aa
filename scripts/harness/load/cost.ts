import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack } from '../inputs/attacks.ts';
import { type WorstBody, warmUp } from '../inputs/worst-bodies.ts';
import { type BareWorkerd, isolateHeap, startBareWorkerd } from '../servers/bare-workerd.ts';

/** Milliseconds of CPU time between two looks that say that nothing is left to do, and how many of them in a row. */
const idle = { ms: 10, looks: 8 };

/** What some work costs a Worker, in CPU time, as others use this machine. */
export interface Cost {
  /** Milliseconds of all of it, with what it left to do. */
  total: number;
  /** The most that passed before an answer of `/health` meanwhile. */
  health: number;
}

/** Asks for `/health` as long as the work lasts. */
export async function costOf(workerd: BareWorkerd, work: Promise<unknown>): Promise<Cost> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  const start = workerd.cpu();
  let health = 0;
  for (let last = start, quiet = 0; !isDone || quiet < idle.looks; ) {
    await (await fetch(`${workerd.url}/health`)).text();
    const spent = workerd.cpu() - last;
    last += spent;
    health = Math.max(health, spent);
    quiet = spent <= idle.ms ? quiet + 1 : 0;
    await sleep(10);
  }
  await done;
  return { total: workerd.cpu() - start, health };
}

/** Sends a body, and reads all of the answer. */
export async function sendAttack(
  { url }: BareWorkerd,
  { method, path, body, type }: Pick<Attack, 'method' | 'path' | 'body' | 'type'>,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const answer = await fetch(url + path, { method, body, headers: { 'content-type': type, ...headers } });
  return { status: answer.status, text: await answer.text() };
}

/** Sends a body that must be accepted: what is refused costs little. @throws where it is not. */
export async function sendAccepted(
  workerd: BareWorkerd,
  body: Attack,
  headers?: Record<string, string>,
): Promise<string> {
  const { status, text } = await sendAttack(workerd, body, headers);
  if (status !== 200)
    throw new Error(`${body.name}: expected the status 200, got ${status}: ${text.slice(0, 200)}`);
  return text;
}

/**
 * MB of memory that a body makes a fresh Worker take beyond the body, which has loaded its network before.
 * @throws where the body is not accepted.
 */
export async function memoryOf({ before, ...body }: WorstBody): Promise<number> {
  const workerd = await startBareWorkerd(undefined, { flags: isolateHeap });
  try {
    await sendAccepted(workerd, warmUp);
    if (before) await sendAccepted(workerd, before);
    const growth = await workerd.growth(() => sendAccepted(workerd, body));
    return growth - body.body.length / 1e6;
  } finally {
    await workerd.stop();
  }
}
