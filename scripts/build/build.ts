/** Builds what the deployment and the packages consist of, into `dist/`. See `--help`. */
import { runSubcommand } from '../harness/command.ts';

await runSubcommand(
  'npm run build --',
  'Builds into dist/. Takes seconds, and some minutes the first time, when the runtimes are trimmed.',
  {
    packages: {
      file: new URL('packages.ts', import.meta.url),
      summary: 'the assets, and the npm packages unlabel and unlabel-server',
    },
    assets: {
      file: new URL('assets.ts', import.meta.url),
      summary: 'the static assets of the deployment: pages, models and runtimes',
    },
    runtime: {
      file: new URL('runtime.ts', import.meta.url),
      summary: 'the runtimes, trimmed from the installed onnxruntime-web to what our networks need',
    },
    verify: {
      file: new URL('verify.ts', import.meta.url),
      summary: 'no build: runs the files of a model, and compares their answers with its manifest',
    },
  },
  'packages',
);
