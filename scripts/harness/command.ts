import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** A program that is one of several behind one command. */
export interface Subcommand {
  /** Imports the program, which runs with the arguments after the subcommand's name. */
  load: () => Promise<unknown>;
  /** What it is for, in a line. */
  summary: string;
}

/**
 * Runs the subcommand that the first argument names. Without one, or with `--help`, lists them.
 *
 * @param name - as a person types the command, such as `npm run stress --`.
 * @param summary - what the command is for.
 * @param subcommands - by name.
 * @param fallback - the subcommand that runs when none is named.
 */
export async function runSubcommand(
  name: string,
  summary: string,
  subcommands: Record<string, Subcommand>,
  fallback?: string,
): Promise<void> {
  const [node = '', program = '', ...given] = process.argv;
  const isNamed = given[0] !== undefined && !given[0].startsWith('-');
  const [chosen, ...rest] = isNamed || fallback === undefined ? given : [fallback, ...given];
  const names = Object.keys(subcommands);
  const width = Math.max(...names.map((each) => each.length));
  const lines = names.map(
    (each) =>
      `  ${each.padEnd(width)}  ${subcommands[each]?.summary}${each === fallback ? ' (the default)' : ''}`,
  );
  const help = `${summary}\n\nUsage: ${name} COMMAND [options]\n\n${lines.join('\n')}\n\n${name} COMMAND --help says more.`;
  if (chosen === undefined || (!isNamed && isHelp(given))) return console.log(help);
  const subcommand = subcommands[chosen];
  if (!subcommand) fail(`Expected a command of ${names.join(', ')}, got ${chosen}`, help);
  process.argv = [node, program, ...rest];
  await subcommand.load();
}

/**
 * Parses the arguments of a command. Prints its help and exits for `--help`; exits with 2 for options that it lacks.
 *
 * @param help - usage, purpose and options.
 */
export function parseCommand<
  const Options extends ParseArgsOptionsConfig,
  const Config extends Omit<ParseArgsConfig, 'args' | 'options'> = Record<never, never>,
>(help: string, options: Options, config?: Config) {
  if (isHelp(process.argv.slice(2))) {
    console.log(help);
    process.exit();
  }
  try {
    return parseArgs({ ...(config as Config), options });
  } catch (error) {
    fail((error as Error).message, help);
  }
}

/** Reads an option that is a positive integer. Exits with 2 for any other. */
export function readCount(name: string, value: string): number {
  if (!/^[1-9]\d*$/.test(value)) fail(`--${name}: expected a positive integer, got ${value}`);
  return Number(value);
}

/** Says what is wrong with the arguments, and exits with 2. */
export function fail(message: string, help?: string): never {
  console.error(help ? `${message}\n\n${help}` : `${message}. See --help.`);
  process.exit(2);
}

/** Builds `dist/assets`, which a deployment serves; takes a second when nothing has changed. */
export function buildAssets(): void {
  const { status } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('../build/build.ts', import.meta.url)), 'assets'],
    { stdio: 'inherit' },
  );
  if (status !== 0) process.exit(status ?? 1);
}

function isHelp(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h');
}
