/** Builds the npm packages, and checks what they contain, their exports and their types. See `--help`. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseCommand } from '../harness/command.ts';

parseCommand(
  `Usage: npm run check -- package

Builds both packages, and checks them with publint, with are-the-types-wrong, and against the size and the list of files that
they may have. Then publishes them, but for the upload.`,
  {},
);
const root = fileURLToPath(new URL('../../', import.meta.url));

interface Expected {
  /** Of are-the-types-wrong. */
  profile: 'node16' | 'esm-only';
  /** Most MB, unpacked. */
  maxMB: number;
  /** Every file matches. */
  files: RegExp;
}

const modules = '(\\w[\\w-]*/)*\\w[\\w-]*\\.(js|d\\.ts)';
const sources = '(\\w[\\w-]*/)*\\w[\\w-]*\\.ts';
const packages: Record<string, Expected> = {
  // A client is small: no weights, and no WebAssembly.
  unlabel: {
    profile: 'node16',
    maxMB: 0.7,
    files: new RegExp(`^(package\\.json|README\\.md|LICENSE|dist/cjs/package\\.json|dist/${modules})$`),
  },
  'unlabel-server': {
    profile: 'esm-only',
    maxMB: 40,
    files: new RegExp(
      `^(package\\.json|README\\.md|LICENSE|src/${sources}|dist/${modules}(\\.map)?|dist/runtime/ort\\.wasm|dist/assets/[\\w./-]+)$`,
    ),
  },
};

run(root, 'node', 'scripts/build/build.ts');
for (const [name, { profile, maxMB, files }] of Object.entries(packages)) {
  const folder = `${root}dist/packages/${name}`;
  run(folder, 'publint', '--strict');
  run(folder, 'attw', '--pack', '.', '--profile', profile);
  rehearse(name, folder);
  const packed: { unpackedSize: number; files: { path: string }[] }[] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: folder, encoding: 'utf8' }),
  );
  for (const { unpackedSize, files: contents } of packed) {
    console.log(`${name}: ${(unpackedSize / 1e6).toFixed(2)} MB unpacked, ${contents.length} files`);
    if (unpackedSize > maxMB * 1e6) fail(`${name}: expected at most ${maxMB} MB, got ${unpackedSize} bytes`);
    for (const { path } of contents) {
      if (!files.test(path)) fail(`${name}: unexpected file ${path}`);
      // An optional peer that a declaration imports would have to be installed.
      if (
        name === 'unlabel' &&
        path.endsWith('.d.ts') &&
        /from 'onnxruntime-web/.test(read(`${folder}/${path}`))
      )
        fail(`${name}: ${path} imports the types of onnxruntime-web`);
    }
  }
}

function run(folder: string, tool: string, ...args: string[]): void {
  const { status } = spawnSync(tool, args, { cwd: folder, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Publishes a package, but for the upload. */
function rehearse(name: string, folder: string): void {
  const args = ['publish', '--dry-run', '--loglevel', 'warn'];
  const { status, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
  // What npm corrects in a manifest, the checks before have not seen.
  if (status !== 0 || stderr.includes('auto-corrected')) fail(`${name}: npm publish --dry-run:\n${stderr}`);
}

function read(file: string): string {
  return readFileSync(file, 'utf8');
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
