/** Builds the npm package into `dist/`: the assets, and the modules with their types. */
import { spawnSync } from 'node:child_process';
import { buildAssets, parseCommand } from '../harness/command.ts';

parseCommand(
  `Usage: npm run build

Builds the assets, and compiles src/ to the modules and types that package.json exports.`,
  {},
);
buildAssets();
const { status } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
process.exitCode = status ?? 1;
