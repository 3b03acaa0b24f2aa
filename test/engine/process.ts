import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where an engine runs: a page, or a process. */
export interface Realm {
  evaluate: Page['evaluate'];
  close(): Promise<void>;
}

/** Starts a process of Node that has the package, as a page of the suite has it. */
export async function startProcess(): Promise<Realm> {
  // Below node_modules, for the decoders are installed there.
  const folder = await mkdtemp(join(root, 'node_modules/.unlabel-engine-'));
  const file = join(folder, 'outside.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/engine/outside.ts'],
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
  const program = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  return {
    async evaluate(run: unknown, argument?: unknown) {
      program.stdin.write(`${JSON.stringify({ code: `${run}`, argument })}\n`);
      const { value: line, done } = await lines.next();
      if (done) throw new Error('The process has ended');
      const answer = JSON.parse(line);
      if ('error' in answer) throw new Error(answer.error);
      return answer.value;
    },
    async close() {
      program.stdin.end();
      await rm(folder, { recursive: true });
    },
  };
}
