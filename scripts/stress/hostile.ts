/**
 * The long form of `test/hostile`: 10,000 changed pictures in the decoders, 12,000 more over HTTP, 18,000 changed bodies,
 * 100,000 inputs that coverage guides, and every answer within 2 s.
 *
 *     npm run test:hostile [-- --record]
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { record } from './record.ts';

const file = join(tmpdir(), `hostile-${process.pid}.json`);
const args = [
  'run',
  '--project',
  'hostile',
  '--reporter',
  'default',
  '--reporter',
  'json',
  `--outputFile.json=${file}`,
];
const { status } = spawnSync('vitest', args, { stdio: 'inherit', env: { ...process.env, HOSTILE: 'long' } });
const { numPassedTests: passed, numTotalTests: total } = JSON.parse(readFileSync(file, 'utf8'));
rmSync(file);
if (process.argv.includes('--record'))
  record(
    'npm run test:hostile',
    `${passed} of ${total} tests passed: every answer a success or the caller’s fault, within 2 s, and the next good one unchanged`,
  );
process.exitCode = status ?? 1;
