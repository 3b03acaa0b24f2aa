import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '../../harness/command.ts';
import { drawPng } from '../../harness/inputs/draw-png.ts';
import { startHosted } from '../../harness/servers/hosted.ts';
import { pack } from './package.ts';

/** What the projects of a check share. */
export interface Shared {
  /** A temporary folder. */
  scratch: string;
  /** The packed packages, by name; see {@link pack}. */
  packed: Record<string, string>;
  /** A picture to classify. */
  picture: string;
  /** A deployment on this machine. */
  url: string;
}

/** Ends the program where a name of `--only` is none of these. */
export function checkNames(names: readonly string[], known: object): void {
  for (const name of names)
    if (!Object.hasOwn(known, name))
      fail(`--only: expected one of ${Object.keys(known).join(', ')}, got ${name}`);
}

/** Packs the packages, and serves a deployment for as long as work takes. */
export async function withPackages(work: (shared: Shared) => Promise<void>): Promise<void> {
  const hosted = await startHosted();
  const scratch = await mkdtemp(join(tmpdir(), 'unlabel-projects-'));
  try {
    const packed = pack(scratch);
    const picture = join(scratch, 'picture.png');
    await writeFile(
      picture,
      drawPng(320, 240, (x, y) => [x % 256, y % 256, 100]),
    );
    await work({ scratch, packed, picture, url: hosted.url });
  } finally {
    await hosted.stop();
    await rm(scratch, { recursive: true });
  }
}
