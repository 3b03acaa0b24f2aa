/** The program of the engine suite outside of pages: runs the functions that a test sends, a line of JSON each. */
import { createInterface } from 'node:readline';
import { createClient } from '../../src/index.ts';
import { createLocalEngine } from '../../src/node.ts';

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

/** Rejections as data, for they leave the process. */
async function failureOf(promise: Promise<unknown>) {
  try {
    await promise;
  } catch (error) {
    const { name, message, code, field } = error as Error & { code?: string; field?: string };
    return { name, message, code, field };
  }
  return undefined;
}

Object.assign(globalThis, { unlabel: { createClient, createLocalEngine, bytesOf, failureOf } });

for await (const line of createInterface({ input: process.stdin })) {
  const { code, argument } = JSON.parse(line);
  let answer: { value: unknown } | { error: string };
  try {
    // biome-ignore lint/security/noGlobalEval: a function of the test
    answer = { value: await (eval(`(${code})`) as (argument: unknown) => unknown)(argument) };
  } catch (error) {
    answer = { error: (error as Error).stack ?? `${error}` };
  }
  console.log(JSON.stringify(answer));
}
