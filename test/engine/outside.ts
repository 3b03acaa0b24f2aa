/** The program of the engine suite outside of pages: runs the functions that a test sends, a line of JSON each. */
import { createInterface } from 'node:readline';
import { createClient } from '../../src/index.ts';
import { createLocalEngine } from '../../src/node.ts';
import { bytesOf, failureOf, until } from '../helpers/realm-parts.ts';

Object.assign(globalThis, { unlabel: { createClient, createLocalEngine, bytesOf, failureOf, until } });

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
