import { expect } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { errorCodes } from '../../src/contract/error-codes.ts';
import { problem } from '../../src/contract/schemas/inference.ts';
import { answerMs } from './form.ts';

/** Sends a request to the server under attack. */
export type Ask = (path: string, init: RequestInit) => Response | Promise<Response>;

/**
 * Sends what is hostile, and checks that the answer is of the caller's fault or a success, comes in time, and is a valid
 * problem where it is one.
 * @returns the status and the code of the problem.
 */
export async function attack(ask: Ask, path: string, init: RequestInit, name: string) {
  const began = performance.now();
  const answer = await ask(path, init);
  const text = await answer.text();
  expect(performance.now() - began, name).toBeLessThan(answerMs);
  if (answer.status === 200) return { status: 200, code: undefined, text };
  expect(answer.headers.get('content-type'), name).toBe('application/problem+json');
  const body = problem.parse(JSON.parse(text));
  expect({ ...body, status: answer.status }, name).toMatchObject({
    status: errorCodes[body.code][0],
    title: errorCodes[body.code][1],
    requestId: answer.headers.get('x-request-id'),
  });
  expect(answer.status, `${name}: ${text}`).toBeLessThan(500);
  return { status: answer.status, code: body.code, text };
}

const good = drawPng(32, 32, (x, y) => [8 * x, 8 * y, 60]);

/** The answer to a good request, which no attack may change by a byte. */
export async function goodAnswer(ask: Ask): Promise<string> {
  const answer = await ask('/v1/classify', { method: 'POST', body: good });
  expect(answer.status).toBe(200);
  return answer.text();
}
