/** Runs the long form of `test/hostile`. See `--help`. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAssets, parseCommand } from '../harness/command.ts';
import { record } from './record.ts';

const { values } = parseCommand(
  `Usage: npm run stress -- hostile [--record]

The long form of test/hostile: 10,000 damaged pictures in the decoders, 12,000 more over HTTP, 18,000 damaged bodies, and
100,000 inputs guided by coverage. Every answer must be a documented one, within 2 s.

  --record  write the result into SECURITY.md`,
  { record: { type: 'boolean', default: false } },
);
buildAssets();
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
if (values.record)
  record(
    'npm run stress -- hostile',
    `${passed} of ${total} tests passed: every answer a success or the caller’s fault, within 2 s, and the next good one unchanged`,
  );
process.exitCode = status ?? 1;
