/** Builds the npm package, and checks its exports and types as others resolve them. */
import { spawnSync } from 'node:child_process';
import { parseCommand } from '../harness/command.ts';

parseCommand(
  `Usage: npm run check -- package

Builds the package, then checks it with publint and are-the-types-wrong.`,
  {},
);
for (const [tool, ...args] of [
  ['node', 'scripts/build/build.ts'],
  ['publint'],
  ['attw', '--pack', '.', '--profile', 'esm-only'],
] as [string, ...string[]][]) {
  const { status } = spawnSync(tool, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
