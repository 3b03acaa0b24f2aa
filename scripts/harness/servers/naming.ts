import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The page of `npm run name-classes`. */
export interface NamingPage {
  /** Its address, with the token and a trailing slash. */
  url: string;
  /** What the program printed before it was ready. */
  said: string;
  /** Seconds until it was ready. */
  seconds: number;
  stop(): Promise<void>;
}

/**
 * Serves the naming page of a model.
 * @param model - name, or folder.
 * @param images - folder of the pictures.
 * @param run - folder for what is kept of them, and for exports.
 */
export async function startNamingPage(model: string, images: string, run: string): Promise<NamingPage> {
  if (!existsSync(`${root}.venv/bin/python`))
    throw new Error('The naming page runs in Python, which is made by: npm run model -- setup');
  const began = performance.now();
  const args = ['scripts/model.ts', 'name-classes', model, '--images', images, '--run', run];
  // In its own process group, so that a signal reaches Python too.
  const program = spawn(process.execPath, args, { cwd: root, detached: true });
  let said = '';
  program.stderr.on('data', (text) => {
    said += text;
  });
  const ended = once(program, 'exit');
  await Promise.race([
    ended.then(() => Promise.reject(new Error(`name-classes ended:\n${said}`))),
    new Promise<void>((resolve) =>
      program.stdout.on('data', (text) => {
        said += text;
        if (said.includes('(Ctrl-C ends)')) resolve();
      }),
    ),
  ]);
  return {
    url: /http:\S+/.exec(said)?.[0] ?? '',
    said,
    seconds: (performance.now() - began) / 1000,
    async stop() {
      if (program.pid && program.exitCode === null && program.signalCode === null)
        process.kill(-program.pid, 'SIGINT');
      await ended;
    },
  };
}
