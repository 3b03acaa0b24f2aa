/** Runs a command of the Python package `scripts/training`. See `--help`. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const help = `Trains, measures and exports models in Python.

Usage: npm run model -- COMMAND [options]

  setup  makes .venv with Python 3.11 or later, and installs PyTorch and the rest (minutes)
  test   runs the tests of the training
  other  a command of scripts/training: train, refine, distill, evaluate, export, name-classes, score, gallery,
         transfer, card, measure-store, runtime-probes

npm run model -- COMMAND --help says more. npm run train is npm run model -- train.
`;
const root = fileURLToPath(new URL('../', import.meta.url));
const python = `${root}.venv/bin/python`;
const [command, ...args] = process.argv.slice(2);

if (command === undefined || command.startsWith('-')) console.log(help);
else if (command === 'setup') setup();
else if (!existsSync(python)) {
  console.error('Expected Python in .venv, found none. Make it with: npm run model -- setup');
  process.exitCode = 1;
} else if (command === 'name-classes') {
  const { buildNamingPage } = await import('./naming/build.ts');
  await buildNamingPage();
  train(command);
} else if (command === 'test') run(python, '-m', 'pytest', 'test/train', ...args);
else train(command);

function train(name: string): void {
  run(python, '-m', 'training', name, ...args);
}

function setup(): void {
  run('python3', '-m', 'venv', '.venv');
  if (!process.exitCode) run(python, '-m', 'pip', 'install', '-q', '-r', 'scripts/training/requirements.txt');
}

function run(program: string, ...programArgs: string[]): void {
  // The package is `scripts/training`; `python -m training` finds it by this path.
  const env = { ...process.env, PYTHONPATH: `${root}scripts` };
  const { status, error } = spawnSync(program, programArgs, { cwd: root, env, stdio: 'inherit' });
  if (error) console.error(`Cannot run ${program}: ${error.message}`);
  process.exitCode = status ?? 1;
}
