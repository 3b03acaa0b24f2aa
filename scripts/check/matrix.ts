/** Makes a project with each bundler and framework, installs the packed package, and classifies a picture. See `--help`. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseCommand } from '../harness/command.ts';
import { install, run } from './examples/package.ts';
import { checkNames, withPackages } from './examples/with-packages.ts';
import { classifyInPage } from './matrix/classify.ts';
import type { Project } from './matrix/project.ts';
import { projects } from './matrix/projects.ts';
import { serveByProgram, serveFolder } from './matrix/serve.ts';

const { values } = parseCommand(
  `Usage: npm run check -- matrix [--only NAME]...

Makes a small project with each bundler and framework in a temporary folder, installs the package as npm run build made it, builds or
serves the project, and classifies a picture with its page, in a Worker. Needs the package registry and a Chromium.

  --only NAME  one of ${Object.keys(projects).join(', ')}; may be repeated`,
  { only: { type: 'string', multiple: true } },
);
const { only: names = Object.keys(projects) } = values;
checkNames(names, projects);
await withPackages(async ({ scratch, packed, picture, url }) => {
  for (const name of names) {
    const began = performance.now();
    try {
      const project = projects[name]?.(url);
      const answer = project && (await check(project, join(scratch, name), packed, picture));
      console.log(`${name}: ${answer} (${((performance.now() - began) / 1000).toFixed(0)} s)`);
    } catch (error) {
      console.error(`${name}: ${(error as Error).message}`);
      process.exitCode = 1;
    }
    await rm(join(scratch, name), { recursive: true });
  }
});

async function check(
  { files, dependencies, build, serve, output }: Project,
  folder: string,
  packed: Record<string, string>,
  picture: string,
): Promise<string> {
  const manifest = { private: true, type: 'module', dependencies: { unlabel: '*', ...dependencies } };
  for (const [path, text] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  install(folder, packed);
  const [program, ...args] = build ?? [];
  if (program) {
    run(folder, { NEXT_TELEMETRY_DISABLED: '1' }, program, ...args);
    const built = await readdir(join(folder, output ?? String(serve)), { recursive: true });
    const modules = built.filter((file) => file.endsWith('.wasm'));
    if (modules.length > 0) throw new Error(`Expected no .wasm, as the deployment serves it, got ${modules}`);
  }
  const server =
    typeof serve === 'string' ? await serveFolder(join(folder, serve)) : await serveByProgram(folder, serve);
  try {
    return await classifyInPage(server.url, picture);
  } finally {
    await server.stop();
  }
}
