/** Builds what the deployment and the packages consist of, into `dist/`. See `--help`. */
import { runSubcommand } from '../harness/command.ts';

await runSubcommand(
  'npm run build --',
  'Builds into dist/. Takes seconds, and some minutes the first time, when the runtimes are trimmed.',
  {
    packages: {
      load: () => import('./packages.ts'),
      summary: 'the assets, and the npm packages unlabel and unlabel-server',
    },
    assets: {
      load: () => import('./assets.ts'),
      summary: 'the static assets of the deployment: pages, models and runtimes',
    },
    runtime: {
      load: () => import('./runtime.ts'),
      summary: 'the runtimes, trimmed from the installed onnxruntime-web to what our networks need',
    },
    reference: {
      load: () => import('./write-reference.ts'),
      summary: 'docs/reference: what the packages export, of their types',
    },
    verify: {
      load: () => import('./verify.ts'),
      summary: 'no build: runs the files of a model, and compares their answers with its manifest',
    },
  },
  'packages',
);
